
# ---- Events: only those that krbtriage reads, so that a log of gigabytes becomes kilobytes ----

$readLogs = {
    param([hashtable] $Task)
    Set-StrictMode -Off
    $ErrorActionPreference = 'Stop'

    function New-Row([string] $Kind, [hashtable] $Values) {
        $Values['kind'] = $Kind
        New-Object -TypeName PSObject -Property $Values
    }

    function Invoke-Wevtutil([string[]] $Arguments) {
        $ErrorActionPreference = 'Continue'
        $lines = @(& wevtutil.exe $Arguments 2>&1 | ForEach-Object { "$_" })
        if ($LASTEXITCODE -ne 0) { throw "wevtutil ended with exit status ${LASTEXITCODE}: $($lines -join ' ')" }
        return $lines
    }

    function Test-Channel([string] $Channel) {
        try { $null = Invoke-Wevtutil @('gl', $Channel) } catch { return $false }
        return $true
    }

    # The structured query of one channel.
    function Get-Query([string] $Channel) {
        $selects = foreach ($select in $Task['selects']) { "<Select Path=`"$Channel`">$select</Select>" }
        return "<QueryList><Query Id=`"0`" Path=`"$Channel`">`r`n$($selects -join "`r`n")`r`n</Query></QueryList>"
    }

    # The file in parts of 1 MiB.
    function Read-File([string] $Channel, [string] $Path) {
        $stream = [IO.File]::OpenRead($Path)
        try {
            $buffer = New-Object -TypeName byte[] -ArgumentList 1048576
            while (($count = $stream.Read($buffer, 0, $buffer.Length)) -gt 0) {
                $part = New-Object -TypeName byte[] -ArgumentList $count
                [Array]::Copy($buffer, $part, $count)
                New-Row 'part' @{ channel = $Channel; data = $part }
            }
        } finally {
            $stream.Dispose()
        }
        New-Row 'end' @{ channel = $Channel }
    }

    $system = Get-CimInstance -ClassName Win32_ComputerSystem
    $parameters = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $suffix = if ($parameters.Domain) { $parameters.Domain } else { $system.Domain }
    New-Row 'host' @{ name = "$($system.DNSHostName).$suffix".TrimEnd('.'); label = $system.DNSHostName; domain = $system.Domain }

    $folder = Join-Path $env:TEMP ('krbtriage-' + [guid]::NewGuid())
    $null = New-Item -ItemType Directory -Path $folder
    try {
        foreach ($channel in $Task['channels']) {
            if ($channel -ne 'System' -and -not (Test-Channel $channel)) { continue }
            try {
                $query = Join-Path $folder 'query.xml'
                $file = Join-Path $folder 'events.evtx'
                Get-Query $channel | Set-Content -Encoding ASCII -LiteralPath $query
                # An export without an event has 68 KiB. That of the System log shows that it was read.
                if ($channel -ne 'System' -and -not (Invoke-Wevtutil @('qe', $query, '/sq:true', '/c:1'))) { continue }
                $null = Invoke-Wevtutil @('epl', $query, $file, '/sq:true', '/ow:true')
                Read-File $channel $file
            } catch {
                New-Row 'failed' @{ what = "channel $channel"; why = $_.Exception.Message }
            }
        }
    } finally {
        Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction SilentlyContinue
    }
}

function Save-Logs([string[]] $Computers) {
    $script:names = @{}
    Invoke-OnHosts 'logs' $Computers $readLogs @{ channels = $channels; selects = Get-Selects } {
        param($Asked, $Row)
        Add-LogRow $Asked $Row
    }
    # A transfer that ended early leaves no half log.
    Get-ChildItem -LiteralPath $logFolder -Filter '*.part' | Remove-Item -Force
    if ($AllowNtlmFallback) {
        foreach ($computer in @($script:unreached | Sort-Object -Unique)) {
            Invoke-Step "log of $computer over RPC and SMB" { Save-LogOverSmb $computer }
        }
    }
}

# The queries, with the limit of -Days in each.
function Get-Selects {
    if ($Days -eq 0) { return $selects }
    $limit = "TimeCreated[timediff(@SystemTime) &lt;= $(86400000L * $Days)] and "
    return @($selects | ForEach-Object { $_.Replace('*[System[', "*[System[$limit") })
}

function Add-LogRow([string] $Asked, $Row) {
    if ($Row.kind -eq 'host') {
        $script:names[$Asked] = $Row.name
        Compare-Answer $Asked $Row
        return
    }
    $computer = $script:names[$Asked]
    if ($Row.kind -eq 'failed') {
        Add-Failure "$($Row.what) of $computer" $Row.why
        return
    }
    $path = Join-Path $logFolder (Get-FileName "$computer-$($Row.channel).evtx")
    if ($Row.kind -eq 'end') {
        Move-Item -LiteralPath "$path.part" -Destination $path -Force
        return
    }
    $data = [byte[]] $Row.data
    $stream = [IO.File]::Open("$path.part", [IO.FileMode]::Append)
    try { $stream.Write($data, 0, $data.Length) } finally { $stream.Dispose() }
}

# Only with -AllowNtlmFallback. The event log service of the host writes the file there (MS-EVEN6), and SMB brings it.
function Save-LogOverSmb([string] $Computer) {
    $name = 'krbtriage-' + [guid]::NewGuid() + '.evtx'
    $query = Join-Path $env:TEMP "$name.xml"
    $option = New-CimSessionOption -Protocol Dcom
    $session = New-CimSession -ComputerName $Computer -SessionOption $option -OperationTimeoutSec $ConnectSeconds
    try {
        $windows = (Get-CimInstance -CimSession $session -ClassName Win32_OperatingSystem).WindowsDirectory
    } finally {
        Remove-CimSession $session
    }
    $lines = @(foreach ($select in Get-Selects) { "<Select Path=`"System`">$select</Select>" })
    "<QueryList><Query Id=`"0`" Path=`"System`">$($lines -join '')</Query></QueryList>" | Set-Content -Encoding ASCII -LiteralPath $query
    $share = "\\$Computer\admin`$\Temp\$name"
    try {
        $null = Invoke-Tool 'wevtutil.exe' @('epl', $query, "$windows\Temp\$name", '/sq:true', "/r:$Computer")
        Copy-Item -LiteralPath $share -Destination (Join-Path $logFolder (Get-FileName "$Computer-System.evtx")) -Force
    } finally {
        Remove-Item -LiteralPath $query -Force -ErrorAction SilentlyContinue
        Remove-Item -LiteralPath $share -Force -ErrorAction SilentlyContinue
    }
}
