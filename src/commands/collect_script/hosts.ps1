
# ---- What a host knows: addresses, names, settings. It runs on the host and returns flat rows ----

$readHost = {
    param([hashtable] $Task)
    Set-StrictMode -Off
    $ErrorActionPreference = 'Stop'

    function New-Row([string] $Kind, [hashtable] $Values) {
        $Values['kind'] = $Kind
        New-Object -TypeName PSObject -Property $Values
    }

    # A part that cannot be read ends no other part.
    function Read-Part([string] $PartName, [scriptblock] $PartBlock) {
        try { & $PartBlock } catch { New-Row 'failed' @{ what = $PartName; why = $_.Exception.Message } }
    }

    function Read-Identity {
        $system = Get-CimInstance -ClassName Win32_ComputerSystem
        $parameters = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
        $label = if ($parameters.Hostname) { $parameters.Hostname } else { $system.DNSHostName }
        $suffix = if ($parameters.Domain) { $parameters.Domain } else { $system.Domain }
        New-Row 'host' @{ name = "$label.$suffix".TrimEnd('.'); label = $label; domain = $system.Domain }
    }

    # 255.255.255.0 or 24 as 24.
    function Get-PrefixLength([string] $Mask) {
        if ($Mask -notlike '*.*') { return $Mask }
        $bits = foreach ($part in $Mask.Split('.')) { [Convert]::ToString([int] $part, 2).PadLeft(8, '0') }
        return (-join $bits).Replace('0', '').Length
    }

    # Addresses of cluster resources, whichever node has them now.
    function Read-ClusterResource {
        if (-not (Get-Service -Name ClusSvc -ErrorAction SilentlyContinue)) { return }
        Get-CimInstance -Namespace root/MSCluster -ClassName MSCluster_Resource |
            Where-Object { 'IP Address', 'IPv6 Address', 'Network Name', 'Distributed Network Name' -contains $_.Type } |
            ForEach-Object {
                New-Row 'cluster' @{
                    resource = $_.Name
                    type     = $_.Type
                    group    = $_.OwnerGroup
                    node     = $_.OwnerNode
                    ip       = $_.PrivateProperties.Address
                    dns      = $_.PrivateProperties.DnsName
                    state    = $_.State
                }
            }
    }

    function Read-Address($Clusters) {
        $devices = @{}
        Get-CimInstance -ClassName Win32_NetworkAdapter | ForEach-Object { $devices["$($_.Index)"] = $_ }
        # Since Windows Server 2012; earlier hosts have no origin and no SkipAsSource.
        $details = @{}
        if (Get-Command -Name Get-NetIPAddress -ErrorAction SilentlyContinue) {
            Get-NetIPAddress | ForEach-Object { $details["$($_.InterfaceIndex) $($_.IPAddress.Split('%')[0])"] = $_ }
        }
        foreach ($adapter in Get-CimInstance -ClassName Win32_NetworkAdapterConfiguration -Filter 'IPEnabled = TRUE') {
            $device = $devices["$($adapter.Index)"]
            $description = "$($adapter.Description)"
            # The USB vendor and product identify a management card whatever its driver is called.
            if ("$($device.PNPDeviceID)" -like 'USB\*') { $description += ", $($device.PNPDeviceID.Split('\')[0..1] -join '\')" }
            for ($i = 0; $i -lt @($adapter.IPAddress).Count; $i++) {
                $address = @($adapter.IPAddress)[$i].Split('%')[0]
                $detail = $details["$($adapter.InterfaceIndex) $address"]
                $prefix = if ($detail) { $detail.PrefixLength } else { Get-PrefixLength @($adapter.IPSubnet)[$i] }
                $cluster = @($Clusters | Where-Object { $_.ip -eq $address })
                $note = if ($cluster.Count) { ", Failover Cluster virtual address of $($cluster[0].group)" } else { '' }
                New-Row 'address' @{
                    address        = $address
                    prefix_length  = "$prefix"
                    interface      = "$(if ($device.NetConnectionID) { $device.NetConnectionID } else { $adapter.InterfaceIndex })"
                    description    = $description + $note
                    mac            = "$($adapter.MACAddress)"
                    pnp_device_id  = "$($device.PNPDeviceID)"
                    prefix_origin  = "$($detail.PrefixOrigin)"
                    skip_as_source = "$($detail.SkipAsSource)"
                }
            }
        }
    }

    # Names that this host's hosts file has: they win over DNS, on this host only.
    function Read-HostsFile {
        foreach ($line in Get-Content -LiteralPath (Join-Path $env:SystemRoot 'System32\drivers\etc\hosts')) {
            $words = @(($line -replace '#.*', '') -split '\s+' | Where-Object { $_ })
            if ($words.Count -lt 2) { continue }
            foreach ($name in $words[1..($words.Count - 1)]) {
                New-Row 'name' @{ name = $name; type = $(if ($words[0] -like '*:*') { 'AAAA' } else { 'A' }); data = $words[0]; source = 'hosts file' }
            }
        }
    }

    # What a name resolves to here: by DNS alone, and as programs see it, with the hosts file.
    function Read-Resolution([string] $Name) {
        if (Get-Command -Name Resolve-DnsName -ErrorAction SilentlyContinue) {
            foreach ($answer in Resolve-DnsName -Name $Name -DnsOnly -NoHostsFile) {
                $data = switch ("$($answer.Type)") {
                    'CNAME' { "$($answer.NameHost)." }
                    default { "$($answer.IPAddress)" }
                }
                if ($data) { New-Row 'name' @{ name = $answer.Name; type = "$($answer.Type)"; data = $data; source = 'DNS' } }
            }
        }
        foreach ($address in [Net.Dns]::GetHostAddresses($Name)) {
            $type = if ("$address" -like '*:*') { 'AAAA' } else { 'A' }
            New-Row 'name' @{ name = $Name; type = $type; data = "$address"; source = 'resolver' }
        }
    }

    function Read-Registry {
        $kerberos = 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\Kerberos\Parameters'
        $values = @(
            @('HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\Kerberos\Parameters', 'SupportedEncryptionTypes'),
            @($kerberos, 'SupportedEncryptionTypes'),
            @($kerberos, 'DefaultEncryptionType'),
            @($kerberos, 'LogLevel'),
            @('HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0', 'BackConnectionHostNames'),
            @('HKLM:\SYSTEM\CurrentControlSet\Control\Lsa', 'DisableLoopbackCheck'),
            @('HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters', 'DisableStrictNameChecking'),
            @('HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon\Parameters', 'DisablePasswordChange'),
            @('HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon\Parameters', 'MaximumPasswordAge'),
            @('HKLM:\SYSTEM\CurrentControlSet\Services\Kdc', 'DefaultDomainSupportedEncTypes'),
            @('HKLM:\SYSTEM\CurrentControlSet\Services\NTDS\Parameters', 'Dsa Not Writable')
        )
        foreach ($value in $values) {
            $key = Get-ItemProperty -LiteralPath $value[0] -Name $value[1] -ErrorAction SilentlyContinue
            if ($key) { New-Row 'setting' @{ item = "$($value[0])\$($value[1])"; value = (@($key.($value[1])) -join ' ') } }
        }
    }

    # Services that log on with an account of their own.
    function Read-Service {
        Get-CimInstance -ClassName Win32_Service |
            Where-Object { $_.StartName -and $_.StartName -notmatch '^(LocalSystem|NT AUTHORITY\\|NT SERVICE\\)' } |
            ForEach-Object { New-Row 'setting' @{ item = "service $($_.Name) ($($_.State))"; value = $_.StartName } }
    }

    # Identities of application pools, and whether http.sys decrypts with the machine's key or the pool's.
    function Read-WebServer {
        $path = Join-Path $env:SystemRoot 'System32\inetsrv\config\applicationHost.config'
        if (-not (Test-Path -LiteralPath $path)) { return }
        $xml = [xml] (Get-Content -LiteralPath $path)
        foreach ($pool in $xml.SelectNodes('/configuration/system.applicationHost/applicationPools/add')) {
            $model = $pool.SelectSingleNode('processModel')
            $identity = if ($model -and $model.GetAttribute('userName')) { $model.GetAttribute('userName') } elseif ($model) { $model.GetAttribute('identityType') } else { '' }
            if (-not $identity) { $identity = 'ApplicationPoolIdentity' }
            New-Row 'setting' @{ item = "application pool $($pool.GetAttribute('name'))"; value = $identity }
        }
        foreach ($node in $xml.SelectNodes('//windowsAuthentication')) {
            $location = $node.SelectSingleNode('ancestor::location')
            $where = if ($location) { $location.GetAttribute('path') } else { 'all sites' }
            $value = foreach ($name in 'enabled', 'useKernelMode', 'useAppPoolCredentials') {
                if ($node.HasAttribute($name)) { "$name=$($node.GetAttribute($name))" }
            }
            New-Row 'setting' @{ item = "IIS windowsAuthentication of $where"; value = ($value -join ' ') }
        }
    }

    # Text for a person: tickets of the system account, the secure channel.
    function Read-Text([string] $Name, [string] $Tool, [string[]] $Arguments) {
        $ErrorActionPreference = 'Continue'
        $lines = @(& $Tool $Arguments 2>&1 | ForEach-Object { "$_" })
        New-Row 'text' @{ name = $Name; text = ($lines -join "`r`n") }
    }

    $identity = Read-Identity
    $identity
    if ($Task['addresses']) {
        $clusters = @(Read-Part 'cluster resources' { Read-ClusterResource })
        $clusters
        Read-Part 'addresses' { Read-Address @($clusters | Where-Object { $_.kind -eq 'cluster' }) }
    }
    if ($Task['names']) {
        Read-Part 'hosts file' { Read-HostsFile }
        foreach ($pair in @($Task['resolve'])) {
            $client, $name = "$pair".Split('|')
            if ($client -ne $identity.name -and $client.Split('.')[0] -ne $identity.label) { continue }
            Read-Part "what $name resolves to" { Read-Resolution $name }
        }
    }
    if ($Task['settings']) {
        Read-Part 'registry' { Read-Registry }
        Read-Part 'services' { Read-Service }
        Read-Part 'web server' { Read-WebServer }
        Read-Part 'tickets of the system account' { Read-Text 'klist-0x3e7' 'klist.exe' @('-li', '0x3e7') }
        Read-Part 'secure channel' { Read-Text 'nltest-sc_query' 'nltest.exe' @("/sc_query:$($identity.domain)") }
    }
}

# Files the rows of the hosts under the name of the host that answered.
function Save-HostDetails([string[]] $Computers) {
    $script:rows = @{}
    foreach ($table in 'address', 'cluster', 'name', 'setting') { $script:rows[$table] = New-Object System.Collections.ArrayList }
    $script:names = @{}
    $task = @{
        addresses = Test-Part 'Addresses'
        names     = Test-Part 'Names'
        settings  = Test-Part 'Settings'
        resolve   = $script:resolve
    }
    Invoke-OnHosts 'addresses, names and settings' $Computers $readHost $task { param($Asked, $Row) Add-HostRow $Asked $Row }
    Export-Rows (Join-Path $addressFolder 'addresses.csv') $script:rows['address'].ToArray()
    Export-Rows (Join-Path $addressFolder 'names.csv') $script:rows['name'].ToArray()
    Export-Rows (Join-Path $detailFolder 'clusters.csv') $script:rows['cluster'].ToArray()
    Export-Rows (Join-Path $detailFolder 'settings.csv') $script:rows['setting'].ToArray()
}

function Add-TableRow([string] $Table, $Row, [object[]] $Columns) {
    $null = $script:rows[$Table].Add(($Row | Select-Object -Property $Columns))
}

function Add-HostRow([string] $Asked, $Row) {
    if ($Row.kind -eq 'host') {
        $script:names[$Asked] = $Row.name
        Compare-Answer $Asked $Row
        return
    }
    $computer = $script:names[$Asked]
    $reporter = @{ n = 'reported_by'; e = { $computer } }
    $dated = @{ n = 'collected'; e = { $collected } }
    switch ($Row.kind) {
        'failed' { Add-Failure "$($Row.what) of $computer" $Row.why }
        'address' {
            Add-TableRow 'address' $Row @(
                @{ n = 'host'; e = { $computer } }, 'address', 'prefix_length', 'interface', 'description', 'mac',
                'pnp_device_id', 'prefix_origin', 'skip_as_source', $dated
            )
        }
        'cluster' {
            Add-TableRow 'cluster' $Row @($reporter, 'resource', 'type', 'group', 'node', 'ip', 'dns', 'state', $dated)
        }
        'name' {
            # The hosts file and the resolver hold on their client only; triage sees it by the source.
            Add-TableRow 'name' $Row @(
                @{ n = 'client'; e = { $computer } }, @{ n = 'HostName'; e = { "$($_.name.TrimEnd('.'))." } },
                @{ n = 'RecordType'; e = { $_.type } }, @{ n = 'Data'; e = { $_.data } }, 'source', $dated
            )
        }
        'setting' {
            Add-TableRow 'setting' $Row @($reporter, 'item', 'value', $dated)
        }
        'text' {
            $Row.text | Out-File -Encoding UTF8 -FilePath (Join-Path $detailFolder (Get-FileName "$computer-$($Row.name).txt"))
        }
    }
}
