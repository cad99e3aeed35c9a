
# ---- Steps, files, and what failed ----

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# Copies of the files lose their dates, so every table has this column.
$collected = (Get-Date).ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'")
$script:failures = @()
$script:findings = @()

# Runs one step. A failure is recorded and ends no other step. A block sees the variables of the functions that
# run it, so the parameters have names that no block uses.
function Invoke-Step([string] $StepName, [scriptblock] $StepBlock) {
    Write-Host $StepName
    try {
        & $StepBlock
    } catch {
        Add-Failure $StepName $_.Exception.Message
    }
}

function Add-Failure([string] $What, [string] $Why) {
    $line = "${What}: $Why" -replace '\s+', ' '
    $script:failures += $line
    Write-Warning $line
}

# Another host than the one asked for answered: the fault itself.
function Add-Finding([string] $Asked, [string] $Answered, [string] $What) {
    $script:findings += [pscustomobject]@{
        asked     = $Asked
        answered  = $Answered
        finding   = $What
        collected = $collected
    }
    Write-Warning "FINDING: $What"
}

$allParts = 'Accounts', 'Dns', 'Addresses', 'Settings', 'Names', 'Logs', 'ControllerLogs'

# The parts in a parameter. powershell -File passes a list as one text.
function Get-PartList([string[]] $Texts) {
    foreach ($text in $Texts) {
        foreach ($part in $text.Split(',')) {
            $name = $part.Trim()
            if ($allParts -notcontains $name) { throw "$name is not a part. The parts are: $($allParts -join ', ')." }
            $name
        }
    }
}

function Test-Part([string] $Name) {
    return $script:parts -contains $Name
}

# An empty folder. The files of the last run move away as a whole, so that no old file is read with new ones.
function New-RunFolder([string] $Path) {
    $marker = 'krbtriage-collected.txt'
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path).TrimEnd('\', '/')
    if (Test-Path -LiteralPath $full) {
        if (@(Get-ChildItem -LiteralPath $full -Force).Count -gt 0) {
            $previous = "$full-previous"
            foreach ($old in $full, $previous) {
                if ((Test-Path -LiteralPath $old) -and -not (Test-Path -LiteralPath (Join-Path $old $marker))) {
                    throw "$old holds files that this script did not write. Pass another -Folder."
                }
            }
            if (Test-Path -LiteralPath $previous) { Remove-Item -LiteralPath $previous -Recurse -Force }
            Move-Item -LiteralPath $full -Destination $previous
        }
    }
    foreach ($name in 'logs', 'addresses', 'accounts', 'details') {
        $null = New-Item -ItemType Directory -Force -Path (Join-Path $full $name)
    }
    "Written by collect.ps1 at $collected" | Set-Content -Encoding ASCII -LiteralPath (Join-Path $full $marker)
    return $full
}

# Writes rows as CSV in UTF-8. No rows, no file.
function Export-Rows([string] $Path, [object[]] $Rows) {
    if (@($Rows).Count -gt 0) {
        $Rows | Export-Csv -NoTypeInformation -Encoding UTF8 -Path $Path
    }
}

# A name as part of a file name: letters, digits, dot, hyphen and underscore.
function Get-FileName([string] $Text) {
    return ($Text -replace '[^A-Za-z0-9._-]', '_')
}

# An UTC time as text. A time of DirectorySearcher has no kind and is UTC.
function Get-UtcText($Time) {
    if ($null -eq $Time) { return '' }
    if ($Time.Kind -eq [DateTimeKind]::Local) { $Time = $Time.ToUniversalTime() }
    return $Time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [Globalization.CultureInfo]::InvariantCulture)
}

# Runs a Windows tool. Its lines on standard error are part of its output and end nothing.
function Invoke-Tool([string] $Tool, [string[]] $Arguments) {
    $ErrorActionPreference = 'Continue'
    $lines = @(& $Tool $Arguments 2>&1 | ForEach-Object { "$_" })
    if ($LASTEXITCODE -ne 0) { throw "$Tool ended with exit status ${LASTEXITCODE}: $($lines -join ' ')" }
    return $lines
}
