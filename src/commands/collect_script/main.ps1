
# ---- The run: accounts and DNS first, then addresses, then logs ----

$script:parts = if ($Only.Count -gt 0) { @(Get-PartList $Only) } else { @($defaultParts) }
$skipped = @(Get-PartList $Skip)
$script:parts = @($script:parts | Where-Object { $skipped -notcontains $_ })

$Folder = New-RunFolder $Folder
$logFolder = Join-Path $Folder 'logs'
$addressFolder = Join-Path $Folder 'addresses'
$accountFolder = Join-Path $Folder 'accounts'
$detailFolder = Join-Path $Folder 'details'
$script:mappingsOption = ''
$script:unreached = @()
$script:forest = @()
$script:forestRoot = ''
$script:ownNames = @(Get-OwnName)
$script:resolve = @($resolve)

Write-Host "Collects: $($script:parts -join ', ')"
$left = @($allParts | Where-Object { $script:parts -notcontains $_ })
if ($left.Count) { Write-Host "Leaves out: $($left -join ', ')" }

Invoke-Step 'domains of the forest' {
    $script:forest = @(Get-ForestDomain)
    $script:forestRoot = ((Get-RootValue 'rootDomainNamingContext') -replace ',?DC=', '.').TrimStart('.')
}

if (Test-Part 'Accounts') {
    foreach ($domain in $script:forest) {
        Invoke-Step "accounts of $domain" { Save-DomainAccounts $domain }
    }
    Invoke-Step 'SPN mappings' { Save-SpnMappings }
}
if (Test-Part 'Dns') {
    foreach ($domain in $script:forest) {
        Invoke-Step "DNS records of $domain" { Save-DomainDns $domain }
    }
}

# The hosts that the forest has an account of, by their full names.
function Get-Destination([string[]] $Names) {
    foreach ($name in @($Names | Sort-Object -Unique)) {
        if ($script:ownNames -contains $name) { $name; continue }
        if ($ThisHostOnly) { continue }
        try {
            $found = @(Find-Computer $name)
            switch ($found.Count) {
                0 { Add-Failure $name 'left out: no computer of this forest has this name' }
                1 { $found[0] }
                default { Add-Failure $name "left out: it is $($found -join ' or '). Write the full name" }
            }
        } catch {
            Add-Failure $name "left out: the directory was not read: $($_.Exception.Message)"
        }
    }
}

$visited = @()
$logHosts = @($logHosts)
if ($ThisHostOnly) {
    $addressHosts = $logHosts = @($script:ownNames[1])
}
if ((Test-Part 'Addresses') -or (Test-Part 'Names') -or (Test-Part 'Settings')) {
    $clients = @($script:resolve | ForEach-Object { $_.Split('|')[0] })
    $wanted = if ((Test-Part 'Addresses') -or (Test-Part 'Settings')) { @($addressHosts) + $clients } else { $clients }
    $visited = @(Get-Destination $wanted | Sort-Object -Unique)
    if ($visited.Count) { Save-HostDetails $visited }
}
if (Test-Part 'Logs') {
    $wanted = @(Get-Destination $logHosts)
} else {
    $wanted = @()
}
if ((Test-Part 'ControllerLogs') -and -not $ThisHostOnly) {
    foreach ($domain in $script:forest) {
        Invoke-Step "domain controllers of $domain" { $script:controllers = @(Get-Controller $domain) }
        $wanted += @($script:controllers)
    }
}
# A host that did not answer is not waited for again.
$wanted = @($wanted | Where-Object { $script:unreached -notcontains $_ } | Sort-Object -Unique)
if ($wanted.Count) { Save-Logs $wanted }

Export-Rows (Join-Path $Folder 'findings.csv') $script:findings
if ($script:findings.Count) {
    Write-Warning "$($script:findings.Count) findings: another host answered than the one asked for. See findings.csv in $Folder"
}
if ($script:failures.Count) {
    $script:failures | Out-File -Encoding UTF8 -FilePath (Join-Path $Folder 'failed.txt')
    Write-Warning "$($script:failures.Count) steps failed. See failed.txt in $Folder"
}
Write-Host "Next: krbtriage triage -i `"$addressFolder`" -s `"$accountFolder`"$($script:mappingsOption) -o report.csv `"$logFolder`""
if ($script:failures.Count) { exit 1 }
