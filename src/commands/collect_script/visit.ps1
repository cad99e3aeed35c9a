
# ---- Visits: many hosts at once, each with a time limit ----

# This host's own names: the DNS name, and the name in the domain.
function Get-OwnName {
    $system = Get-CimInstance -ClassName Win32_ComputerSystem
    $parameters = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $names = @($system.DNSHostName, "$($system.DNSHostName).$($system.Domain)")
    $suffix = $parameters.PSObject.Properties['Domain']
    if ($suffix -and $suffix.Value) { $names += "$($system.DNSHostName).$($suffix.Value)" }
    return $names
}

# Runs a script block on every host and hands each row of it, with the name asked for, to $Receive.
function Invoke-OnHosts([string] $What, [string[]] $Computers, [scriptblock] $Block, [hashtable] $Task, [scriptblock] $Receive) {
    $others = @()
    foreach ($computer in $Computers) {
        if ($script:ownNames -contains $computer) {
            Invoke-Step "$What of $computer (this host)" { & $Block $Task | ForEach-Object { & $Receive $computer $_ } }
        } else {
            $others += $computer
        }
    }
    # Batches bound the memory that results of hosts need until they are written.
    $size = 4 * $ThrottleLimit
    for ($from = 0; $from -lt $others.Count; $from += $size) {
        $batch = @($others[$from..([Math]::Min($from + $size, $others.Count) - 1)])
        Invoke-Step "$What of $($batch.Count) hosts: $($batch -join ', ')" { Invoke-Batch $What $batch $Block $Task $Receive }
    }
}

function Invoke-Batch([string] $What, [string[]] $Computers, [scriptblock] $Block, [hashtable] $Task, [scriptblock] $Receive) {
    $option = New-PSSessionOption -OpenTimeout (1000 * $ConnectSeconds) -OperationTimeout (1000 * $HostSeconds) `
        -CancelTimeout 10000 -NoMachineProfile -IncludePortInSPN:$IncludePortInSPN
    $authentication = if ($AllowNtlmFallback) { 'Default' } else { 'Kerberos' }
    $job = Invoke-Command -ComputerName $Computers -ScriptBlock $Block -ArgumentList $Task -AsJob `
        -ThrottleLimit $ThrottleLimit -SessionOption $option -Authentication $authentication
    try {
        $rounds = [Math]::Ceiling($Computers.Count / $ThrottleLimit)
        $null = Wait-Job -Job $job -Timeout ([int] ($rounds * ($ConnectSeconds + $HostSeconds)))
        foreach ($child in $job.ChildJobs) {
            $computer = $child.Location
            $rows = @(Receive-Job -Job $child -ErrorAction SilentlyContinue)
            foreach ($row in $rows) {
                try {
                    & $Receive $computer $row
                } catch {
                    Add-Failure "$What of $computer" $_.Exception.Message
                }
            }
            if ("$($child.State)" -ne 'Completed') { Add-VisitFailure $What $computer $child }
        }
    } finally {
        Stop-Job -Job $job -ErrorAction SilentlyContinue
        Remove-Job -Job $job -Force -ErrorAction SilentlyContinue
    }
}

function Add-VisitFailure([string] $What, [string] $Computer, $Child) {
    $reason = $Child.JobStateInfo.Reason
    $why = if ($reason) { $reason.Message } else { "no answer within $HostSeconds seconds" }
    $script:unreached += $Computer
    # SEC_E_WRONG_PRINCIPAL: what answered has another key than the one the ticket was made for.
    if ($why -match '0x80090322|-2146893022') {
        Add-Finding $Computer '' "the host that answers for $Computer cannot decrypt the ticket for HTTP/$Computer. Run this script with -ThisHostOnly on $Computer"
    }
    Add-Failure "$What of $Computer" $why
}

# Compares the name asked for with the name of the host that answered.
function Compare-Answer([string] $Asked, $Row) {
    $names = @($Row.name, $Row.label, "$($Row.label).$($Row.domain)")
    if ($names -notcontains $Asked) {
        Add-Finding $Asked $Row.name "asked for $Asked, and $($Row.name) answered. If $Asked is not a cluster name or alias of it, this is the fault"
    }
}
