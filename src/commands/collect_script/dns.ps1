
# ---- DNS records: the zones in Active Directory, which any domain user may read ----

# The A, AAAA and CNAME records in a value of dnsRecord (MS-DNSP 2.3.2.2): the type is at byte 2, the data at byte 24.
function ConvertFrom-DnsRecord([byte[]] $Bytes) {
    if ($Bytes.Length -lt 28) { return $null }
    switch ($Bytes[2] + 256 * $Bytes[3]) {
        1 {
            return @{ type = 'A'; data = ($Bytes[24..27] -join '.') }
        }
        5 {
            # Length, number of labels, then each label with its length before it.
            $labels = @()
            $at = 26
            for ($n = 0; $n -lt $Bytes[25]; $n++) {
                $length = $Bytes[$at]
                $labels += [Text.Encoding]::UTF8.GetString($Bytes, $at + 1, $length)
                $at += 1 + $length
            }
            return @{ type = 'CNAME'; data = ($labels -join '.') + '.' }
        }
        28 {
            if ($Bytes.Length -lt 40) { return $null }
            return @{ type = 'AAAA'; data = ([Net.IPAddress] [byte[]] $Bytes[24..39]).ToString() }
        }
    }
    return $null
}

# The records of every zone in one container.
function Read-DnsContainer([string] $Domain, [string] $Container) {
    $filter = '(&(objectClass=dnsNode)(dnsRecord=*)(!(dNSTombstoned=TRUE)))'
    $attributes = @('name', 'distinguishedName', 'dnsRecord')
    foreach ($node in Search-Directory "LDAP://$Domain/$Container" $filter $attributes) {
        $dn = [string] (Get-Value $node 'distinguishedname')
        # DC=srv1,DC=alpha.example.com,CN=MicrosoftDNS,...
        if ($dn -notmatch '^DC=.*?,DC=([^,]+),CN=MicrosoftDNS,') { continue }
        $zone = $Matches[1]
        if ($zone -eq 'RootDNSServers' -or $zone -like '..*') { continue }
        foreach ($value in $node.Properties['dnsrecord']) {
            $record = ConvertFrom-DnsRecord ([byte[]] $value)
            if ($null -eq $record) { continue }
            [pscustomobject]@{
                HostName   = [string] (Get-Value $node 'name')
                RecordType = $record.type
                ZoneName   = $zone
                Data       = $record.data
                collected  = $collected
            }
        }
    }
}

# The same of a DNS server. Each type has its own property: under strict mode the others throw.
function Read-DnsServer([string] $Domain, [string] $Server) {
    Import-Module DnsServer
    foreach ($zone in Get-DnsServerZone -ComputerName $Server | Where-Object { -not $_.IsReverseLookupZone -and $_.ZoneType -ne 'Forwarder' }) {
        foreach ($record in Get-DnsServerResourceRecord -ComputerName $Server -ZoneName $zone.ZoneName) {
            $data = switch ($record.RecordType) {
                'A' { $record.RecordData.IPv4Address.IPAddressToString }
                'AAAA' { $record.RecordData.IPv6Address.IPAddressToString }
                'CNAME' { $record.RecordData.HostNameAlias }
                default { $null }
            }
            if (-not $data) { continue }
            [pscustomobject]@{
                HostName   = $record.HostName
                RecordType = $record.RecordType
                ZoneName   = $zone.ZoneName
                Data       = $data
                collected  = $collected
            }
        }
    }
}

function Save-DomainDns([string] $Domain) {
    $path = Join-Path $addressFolder "dns-$(Get-FileName $Domain).csv"
    $dn = Get-DomainDn $Domain
    $containers = @("CN=MicrosoftDNS,DC=DomainDnsZones,$dn", "CN=MicrosoftDNS,CN=System,$dn")
    if ($Domain -eq $script:forestRoot) { $containers += "CN=MicrosoftDNS,DC=ForestDnsZones,$dn" }
    $rows = @()
    $errors = @()
    foreach ($container in $containers) {
        try {
            $rows += @(Read-DnsContainer $Domain $container)
        } catch {
            $errors += "${container}: $($_.Exception.Message)"
        }
    }
    if ($rows.Count -eq 0) {
        # A DC need not be a DNS server, so every one is tried.
        foreach ($server in Get-Controller $Domain) {
            try {
                $rows = @(Read-DnsServer $Domain $server)
                if ($rows.Count -gt 0) { break }
            } catch {
                $errors += "${server}: $($_.Exception.Message)"
            }
        }
    }
    if ($rows.Count -eq 0) { throw "no record was read: $($errors -join '; ')" }
    Export-Rows $path $rows
}
