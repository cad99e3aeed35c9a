
# ---- Accounts and their SPNs ----

$accountAttributes = @(
    'sAMAccountName', 'distinguishedName', 'objectClass', 'dNSHostName', 'servicePrincipalName',
    'msDS-AdditionalDnsHostName', 'userPrincipalName', 'pwdLastSet', 'whenCreated', 'whenChanged',
    'userAccountControl', 'msDS-SupportedEncryptionTypes', 'operatingSystem', 'primaryGroupID',
    'isCriticalSystemObject', 'lastLogonTimestamp'
)

# Every account with an SPN, every computer, every managed service account, every trust.
$accountFilter = '(|(servicePrincipalName=*)(objectClass=computer)(objectClass=msDS-ManagedServiceAccount)' +
    '(objectClass=msDS-GroupManagedServiceAccount)(objectClass=msDS-DelegatedManagedServiceAccount)' +
    '(userAccountControl:1.2.840.113556.1.4.803:=2048))'

# One account as krbtriage reads it: the names of Get-ADObject, times as text, lists as lists.
function ConvertTo-Account($Result) {
    $classes = @($Result.Properties['objectclass'])
    $row = [ordered]@{}
    foreach ($name in $accountAttributes) {
        $key = $name.ToLowerInvariant()
        switch ($name) {
            'objectClass' { $row[$name] = if ($classes.Count -gt 0) { [string] $classes[-1] } else { '' } }
            { 'servicePrincipalName', 'msDS-AdditionalDnsHostName' -contains $_ } {
                $row[$name] = [string[]] @($Result.Properties[$key])
            }
            { 'whenCreated', 'whenChanged' -contains $_ } { $row[$name] = Get-UtcText (Get-Value $Result $key) }
            default { $row[$name] = Get-Value $Result $key }
        }
    }
    $row['collected'] = $collected
    # A domain controller gives the first 1,500 values of a list and names the attribute so.
    if (@($Result.Properties.PropertyNames) -like 'serviceprincipalname;range=*') {
        Add-Failure "accounts: $($row['sAMAccountName'])" 'it has more than 1,500 SPNs, and the list has none of them'
    }
    return [pscustomobject] $row
}

# A list of JSON objects, written per 1,000: ConvertTo-Json over a whole domain needs gigabytes.
function Export-Account([string] $Path, [string] $Root) {
    $writer = New-Object System.IO.StreamWriter $Path, $false, (New-Object System.Text.UTF8Encoding $false)
    try {
        $separator = '['
        $batch = @()
        Search-Directory $Root $accountFilter $accountAttributes | ForEach-Object {
            $batch += ConvertTo-Account $_
            if ($batch.Count -ge 1000) {
                $writer.Write($separator + "`n" + (ConvertTo-JsonList $batch))
                $separator = ','
                $batch = @()
            }
        }
        if ($batch.Count -gt 0) {
            $writer.Write($separator + "`n" + (ConvertTo-JsonList $batch))
            $separator = ','
        }
        if ($separator -eq '[') { throw 'the directory gave no account' }
        $writer.Write("`n]`n")
    } finally {
        $writer.Dispose()
    }
}

# Objects as JSON, an object per line, without the brackets of the list.
function ConvertTo-JsonList([object[]] $Objects) {
    $lines = foreach ($one in $Objects) { ConvertTo-Json -Compress -Depth 3 -InputObject $one }
    return ($lines -join ",`n")
}

# The accounts of a domain. A list that is not whole is removed: it would prove that an SPN is not registered.
function Save-DomainAccounts([string] $Domain) {
    $name = Get-FileName $Domain
    $path = Join-Path $accountFolder "accounts-$name.json"
    try {
        Export-Account $path "LDAP://$Domain/$(Get-DomainDn $Domain)"
        return
    } catch {
        Add-Failure "accounts of $Domain over LDAP, trying setspn" $_.Exception.Message
        if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force }
    }
    Invoke-Tool 'setspn.exe' @('-T', $Domain, '-Q', '*/*') |
        Out-File -Encoding UTF8 -FilePath (Join-Path $accountFolder "setspn-$name.txt")
}

# Which classes HOST stands for in this forest. Returns the option for triage where it is not the default.
function Save-SpnMappings {
    $root = 'LDAP://CN=Directory Service,CN=Windows NT,CN=Services,' + (Get-RootValue 'configurationNamingContext')
    $entry = New-Object System.DirectoryServices.DirectoryEntry $root
    $mappings = @($entry.Properties['sPNMappings'] | ForEach-Object { [string] $_ })
    if ($mappings.Count -eq 0) { throw 'the directory has no sPNMappings' }
    $path = Join-Path $detailFolder 'spn-mappings.txt'
    $mappings | Set-Content -Encoding ASCII -LiteralPath $path
    $ours = @(($mappings -join ';').ToLowerInvariant() -split '[=,;]' | Sort-Object) -join ','
    $default = @($defaultMappings.ToLowerInvariant() -split '[=,;]' | Sort-Object) -join ','
    if ($ours -ne $default) { $script:mappingsOption = " --spn-mappings `"$($mappings -join ';')`"" }
}
