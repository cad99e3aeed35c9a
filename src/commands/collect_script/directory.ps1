
# ---- Active Directory over LDAP: no module is needed, and no right beyond that of a domain user ----

# Searches with pages of 1,000 objects and keeps none of them in memory.
function Search-Directory([string] $Root, [string] $Filter, [string[]] $Attributes) {
    $searcher = New-Object System.DirectoryServices.DirectorySearcher
    $searcher.SearchRoot = New-Object System.DirectoryServices.DirectoryEntry $Root
    $searcher.Filter = $Filter
    $searcher.PageSize = 1000
    $searcher.CacheResults = $false
    $searcher.ClientTimeout = New-TimeSpan -Seconds $HostSeconds
    $searcher.PropertiesToLoad.AddRange($Attributes)
    $results = $searcher.FindAll()
    try {
        foreach ($result in $results) { $result }
    } finally {
        $results.Dispose()
        $searcher.Dispose()
    }
}

# The first value of an attribute, or nothing.
function Get-Value($Result, [string] $Attribute) {
    foreach ($value in $Result.Properties[$Attribute]) { return $value }
    return $null
}

# A value of the root of the directory, from any domain controller of this host's domain.
function Get-RootValue([string] $Attribute) {
    $root = New-Object System.DirectoryServices.DirectoryEntry 'LDAP://RootDSE'
    return [string] $root.Properties[$Attribute].Value
}

# DNS names of the forest's domains. Without LDAP: the module ActiveDirectory, then this host's own domain.
function Get-ForestDomain {
    $errors = @()
    try {
        $partitions = 'LDAP://CN=Partitions,' + (Get-RootValue 'configurationNamingContext')
        # systemFlags 2: the partition is a domain.
        $filter = '(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=2))'
        $names = @(Search-Directory $partitions $filter @('dnsRoot') | ForEach-Object { Get-Value $_ 'dnsroot' })
        if ($names.Count -gt 0) { return $names }
        $errors += 'the directory lists no domain'
    } catch {
        $errors += $_.Exception.Message
    }
    try {
        Import-Module ActiveDirectory
        return @((Get-ADForest).Domains)
    } catch {
        $errors += $_.Exception.Message
    }
    Add-Failure 'domains of the forest' ($errors -join '; ')
    $system = Get-CimInstance -ClassName Win32_ComputerSystem
    if ($system.PartOfDomain) { return @($system.Domain) }
    return @()
}

# alpha.example.com as DC=alpha,DC=example,DC=com.
function Get-DomainDn([string] $Domain) {
    return 'DC=' + ($Domain.Split('.') -join ',DC=')
}

# Domain controllers of a domain, read-only ones too. Without LDAP: nltest, which every member has.
function Get-Controller([string] $Domain) {
    try {
        # 8192: a domain controller. 67108864: a read-only one.
        $bits = @(8192, 67108864 | ForEach-Object { "(userAccountControl:1.2.840.113556.1.4.803:=$_)" })
        $filter = "(&(objectClass=computer)(|$(-join $bits)))"
        $root = "LDAP://$Domain/$(Get-DomainDn $Domain)"
        $names = @(Search-Directory $root $filter @('dNSHostName') | ForEach-Object { Get-Value $_ 'dnshostname' })
        $names = @($names | Where-Object { $_ })
        if ($names.Count -gt 0) { return $names }
        throw 'the directory lists no domain controller'
    } catch {
        $why = $_.Exception.Message
    }
    $names = @()
    foreach ($line in Invoke-Tool 'nltest.exe' @("/dclist:$Domain")) {
        if ($line -match '^\s+([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+)\s.*\[DS\]') { $names += $Matches[1] }
    }
    if ($names.Count -eq 0) { throw $why }
    return $names
}

# The full names of the computers that the forest knows by a name. A name that no account has is no destination.
function Find-Computer([string] $Name) {
    $label = $Name.Split('.')[0]
    # sAMAccountName has the first 15 characters.
    $account = $label.Substring(0, [Math]::Min(15, $label.Length)) + '$'
    $filter = "(&(objectClass=computer)(|(dNSHostName=$Name)(msDS-AdditionalDnsHostName=$Name)(sAMAccountName=$account)))"
    $attributes = @('dNSHostName', 'msDS-AdditionalDnsHostName')
    $found = @()
    foreach ($domain in $script:forest) {
        foreach ($result in Search-Directory "LDAP://$domain/$(Get-DomainDn $domain)" $filter $attributes) {
            $full = Get-Value $result 'dnshostname'
            if (-not $full) { continue }
            $others = @($result.Properties['msds-additionaldnshostname'])
            $asked = ($Name -notlike '*.*') -or ($Name -eq $full) -or ($others -contains $Name) -or ($Name -eq "$label.$domain")
            if ($asked) { $found += $full }
        }
    }
    return @($found | Sort-Object -Unique)
}
