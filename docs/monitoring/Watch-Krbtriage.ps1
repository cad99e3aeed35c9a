<#
.SYNOPSIS
Runs krbtriage on a schedule and writes one event to the Application log for each new or returned problem.

.DESCRIPTION
-Here reads the live logs of this machine (krbtriage here). -HostsFrom asks the hosts of a list which addresses they offer
(krbtriage probe), and audits the answers: it notices a management adapter that was enabled again before anything fails.
Each kind of problem has one event ID (docs/monitoring.md). Event 1000 ends a good run, event 1001 a failed one.

Run it elevated, as SYSTEM in a scheduled task. Keep this script, krbtriage.exe and the folder writable for administrators only.

.EXAMPLE
.\Watch-Krbtriage.ps1 -Here -Folder C:\ProgramData\krbtriage
.EXAMPLE
.\Watch-Krbtriage.ps1 -HostsFrom C:\ProgramData\krbtriage\servers.txt -Folder C:\ProgramData\krbtriage
#>
[CmdletBinding(DefaultParameterSetName = 'Here')]
param(
    [Parameter(ParameterSetName = 'Here')]
    [switch]$Here,

    [Parameter(ParameterSetName = 'Audit', Mandatory = $true)]
    [string]$HostsFrom,

    # Where the state of the last run is kept.
    [Parameter(Mandatory = $true)]
    [string]$Folder,

    [string]$Program = (Join-Path $PSScriptRoot 'krbtriage.exe')
)

$ErrorActionPreference = 'Stop'
$Source = 'krbtriage'

# One ID for each kind. An ID never changes its meaning.
$EventIds = @{
    'bmc-usb-nic' = 1101
    'virtual-switch' = 1102
    'cluster-or-nlb-address' = 1103
    'other-shared-address' = 1104
    'other' = 1104
    'addresses-unknown' = 1105
    'misplaced' = 1201
    'duplicate' = 1202
    'duplicate-spn' = 1202
    'same-name-two-domains' = 1203
    'kernel-mode' = 1204
    'two-services' = 1205
    'shared-name' = 1206
    'name-taken-over' = 1207
    'leftover-account' = 1208
    'host-alias-collision' = 1209
    'machine-account' = 1301
    'service-account' = 1302
    'managed-service-account' = 1303
    'cluster-name-account' = 1304
    'trust' = 1305
    'keytab' = 1306
    'azure-files' = 1307
    'entra-seamless-sso' = 1308
    'encryption-type' = 1309
    'stale-ticket' = 1310
    'shared-address' = 1401
    'cluster-or-alias' = 1402
    'stale-dns' = 1403
    'name-leads-elsewhere' = 1404
    'renamed-or-duplicate-host' = 1405
    'not-enough-data' = 1501
}
$UnknownKind = 1999
$RunEnded = 1000
$RunFailed = 1001

# The log accepts 31,839 characters.
$MaxText = 30000

function Write-Event([int]$Id, [Diagnostics.EventLogEntryType]$Type, [string]$Text) {
    if ($Text.Length -gt $MaxText) { $Text = $Text.Substring(0, $MaxText) + ' ...' }
    [Diagnostics.EventLog]::WriteEntry($Source, $Text, $Type, $Id)
}

# Runs krbtriage. Returns what it printed; throws where there is no result to read.
function Invoke-Krbtriage([string[]]$Arguments) {
    # Windows PowerShell makes errors of a program's standard error.
    $ErrorActionPreference = 'Continue'
    $printed = & $Program @Arguments 2>&1 | Out-String
    if ($LASTEXITCODE -eq 2 -or $LASTEXITCODE -ge 4) {
        throw "krbtriage $($Arguments -join ' ') ended with exit status ${LASTEXITCODE}: $printed"
    }
    $printed
}

# The fields of a row as lines of NAME=VALUE, which a SIEM splits.
function Format-Fields([psobject]$Row, [string[]]$Names) {
    $lines = foreach ($name in $Names) {
        "$name=$($Row.$name -replace '[\r\n]+', ' ')"
    }
    $lines -join "`r`n"
}

function Write-Rows([string]$File, [string[]]$Names, [string]$Title) {
    $count = 0
    foreach ($row in @(Import-Csv -LiteralPath $File -Encoding UTF8)) {
        if ($row.status -ne 'new' -and $row.status -ne 'reopened') { continue }
        $id = $EventIds[$row.kind]
        if ($null -eq $id) { $id = $UnknownKind }
        $text = "$($row.$Title)`r`n`r`n" + (Format-Fields $row $Names)
        Write-Event $id ([Diagnostics.EventLogEntryType]::Warning) $text
        $count++
    }
    $count
}

if (-not [Diagnostics.EventLog]::SourceExists($Source)) {
    [Diagnostics.EventLog]::CreateEventSource($Source, 'Application')
}
try {
    New-Item -ItemType Directory -Force -Path $Folder | Out-Null
    if ($PSCmdlet.ParameterSetName -eq 'Audit') {
        $addresses = Join-Path $Folder 'addresses.csv'
        $audit = Join-Path $Folder 'audit.csv'
        $printed = Invoke-Krbtriage @('probe', '--hosts-from', $HostsFrom, '-o', $addresses, '--no-progress')
        $printed += Invoke-Krbtriage @('audit', '-i', $addresses, '--baseline', $audit, '-o', $audit, '--fail-on', 'new', '-q')
        $fields = 'finding_id', 'status', 'kind', 'what', 'owners', 'owner_count', 'adapters', 'vendor', 'evidence', 'fix'
        $count = Write-Rows $audit $fields 'what'
    }
    else {
        $problems = Join-Path $Folder 'problems.csv'
        $state = Join-Path $Folder 'state.json'
        $report = Join-Path $Folder 'report.csv'
        $printed = Invoke-Krbtriage @('here', '--probe', '--state', $state, '-o', $report, '--problems', $problems, '--fail-on', 'new', '-q')
        $fields = 'problem_id', 'status', 'cause', 'kind', 'confidence', 'problem', 'clients', 'targets', 'events', 'first_seen', 'last_seen', 'fix'
        $count = Write-Rows $problems $fields 'title'
    }
    Write-Event $RunEnded ([Diagnostics.EventLogEntryType]::Information) "krbtriage ended. New or returned: $count`r`n$printed"
}
catch {
    Write-Event $RunFailed ([Diagnostics.EventLogEntryType]::Error) "krbtriage failed: $_"
    exit 1
}
