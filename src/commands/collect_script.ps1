Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$Folder = (New-Item -ItemType Directory -Force -Path $Folder).FullName
$logFolder = Join-Path $Folder 'logs'
$addressFolder = Join-Path $Folder 'addresses'
$accountFolder = Join-Path $Folder 'accounts'
$null = New-Item -ItemType Directory -Force -Path $logFolder, $addressFolder, $accountFolder
$script:failed = @()
# Copies lose their files' dates; what was so when must not be lost with them.
$collected = (Get-Date).ToUniversalTime().ToString('s') + 'Z'

# One host that does not answer must not end the collection.
function Invoke-Step([string] $What, [scriptblock] $Do) {
    Write-Host $What
    try {
        & $Do
    } catch {
        $script:failed += "${What}: $($_.Exception.Message)"
        Write-Warning "${What}: $($_.Exception.Message)"
    }
}

function Test-IsMe([string] $Computer) {
    $short = $Computer.Split('.')[0]
    return ($short -eq $env:COMPUTERNAME) -and (($Computer -notlike '*.*') -or ($Computer -eq "$env:COMPUTERNAME.$env:USERDNSDOMAIN"))
}

# wevtutil writes the file on the host whose log it is (MS-EVEN6: the server writes it), so it is fetched afterwards.
function Save-SystemLog([string] $Computer) {
    $target = Join-Path $logFolder "$Computer-System.evtx"
    if (Test-IsMe $Computer) {
        wevtutil.exe epl System $target /ow:true
        if ($LASTEXITCODE -ne 0) { throw "wevtutil ended with $LASTEXITCODE" }
        return
    }
    $session = $null
    try { $session = New-PSSession -ComputerName $Computer } catch { Write-Verbose "no remoting: $_" }
    if ($session) {
        try {
            $remote = Invoke-Command -Session $session {
                $file = Join-Path $env:TEMP ('krbtriage-' + [guid]::NewGuid() + '.evtx')
                wevtutil.exe epl System $file
                if ($LASTEXITCODE -ne 0) { throw "wevtutil ended with $LASTEXITCODE" }
                $file
            }
            Copy-Item -FromSession $session -Path $remote -Destination $target -Force
            Invoke-Command -Session $session { Remove-Item -LiteralPath $using:remote }
        } finally {
            Remove-PSSession $session
        }
        return
    }
    # Without remoting: the event log's own protocol, and the administrative share.
    $name = 'krbtriage-' + [guid]::NewGuid() + '.evtx'
    wevtutil.exe epl System "C:\Windows\Temp\$name" /r:$Computer
    if ($LASTEXITCODE -ne 0) { throw "wevtutil ended with $LASTEXITCODE" }
    $share = "\\$Computer\admin`$\Temp\$name"
    Copy-Item -LiteralPath $share -Destination $target -Force
    Remove-Item -LiteralPath $share
}

# Adapters with their addresses; the class is there since Windows 2000, and names the adapter.
function Save-Addresses([string[]] $Computers) {
    $all = foreach ($computer in $Computers) {
        Invoke-Step "addresses of $computer" {
            $options = @{}
            if (-not (Test-IsMe $computer)) {
                try {
                    $options.CimSession = New-CimSession -ComputerName $computer
                } catch {
                    $options.CimSession = New-CimSession -ComputerName $computer -SessionOption (New-CimSessionOption -Protocol Dcom)
                }
            }
            try {
                Get-CimInstance -ClassName Win32_NetworkAdapterConfiguration -Filter 'IPEnabled = TRUE' @options | ForEach-Object {
                    $adapter = $_
                    for ($i = 0; $i -lt @($adapter.IPAddress).Count; $i++) {
                        [pscustomobject]@{
                            host          = $computer
                            address       = @($adapter.IPAddress)[$i]
                            interface     = $adapter.InterfaceIndex
                            description   = $adapter.Description
                            mac           = $adapter.MACAddress
                            collected     = $collected
                        }
                    }
                }
            } finally {
                if ($options.ContainsKey('CimSession')) { Remove-CimSession $options.CimSession }
            }
        }
    }
    if ($all) { $all | Export-Csv -NoTypeInformation -Encoding UTF8 -Path (Join-Path $addressFolder 'addresses.csv') }
}

# A list through ConvertTo-Json: Export-Csv would lose the SPNs (they are lists).
function Save-Accounts {
    Import-Module ActiveDirectory
    foreach ($domain in (Get-ADForest).Domains) {
        Invoke-Step "accounts of $domain" {
            $properties = 'sAMAccountName', 'servicePrincipalName', 'dNSHostName', 'pwdLastSet', 'whenChanged', 'userAccountControl', 'msDS-SupportedEncryptionTypes'
            $columns = @('DistinguishedName') + @($properties | Where-Object { $_ -ne 'servicePrincipalName' })
            $columns += @{ n = 'servicePrincipalName'; e = { [string[]] $_.servicePrincipalName } }
            $columns += @{ n = 'collected'; e = { $collected } }
            $found = Get-ADObject -Server $domain -LDAPFilter '(|(servicePrincipalName=*)(objectClass=computer))' -Properties $properties |
                Select-Object -Property $columns
            ConvertTo-Json -Depth 3 -InputObject @($found) | Out-File -Encoding UTF8 -FilePath (Join-Path $accountFolder "accounts-$domain.json")
        }
    }
}

function Save-DnsRecords {
    Import-Module DnsServer
    Import-Module ActiveDirectory
    foreach ($domain in (Get-ADForest).Domains) {
        Invoke-Step "DNS records of $domain" {
            $server = (Get-ADDomainController -Discover -DomainName $domain).HostName[0]
            $columns = @(
                'HostName', 'RecordType', 'DistinguishedName',
                @{ n = 'ZoneName'; e = { $domain } },
                @{ n = 'collected'; e = { $collected } },
                @{ n = 'Data'; e = { "$($_.RecordData.IPv4Address)$($_.RecordData.IPv6Address)$($_.RecordData.HostNameAlias)" } }
            )
            Get-DnsServerResourceRecord -ComputerName $server -ZoneName $domain |
                Where-Object { $_.RecordType -in 'A', 'AAAA', 'CNAME' } |
                Select-Object -Property $columns |
                Export-Csv -NoTypeInformation -Encoding UTF8 -Path (Join-Path $addressFolder "dns-$domain.csv")
        }
    }
}

# For people: what the client itself finds, and its hosts file.
function Save-Resolution([string] $Client, [string] $Name) {
    $look = {
        param($name)
        Resolve-DnsName $name -ErrorAction SilentlyContinue | Out-String
        $hosts = Join-Path $env:SystemRoot 'System32\drivers\etc\hosts'
        $label = $name.Split('.')[0]
        Select-String -LiteralPath $hosts -SimpleMatch $label | Out-String
    }
    $target = Join-Path $Folder "resolve-$Client-$Name.txt"
    if (Test-IsMe $Client) { & $look $Name | Out-File -Encoding UTF8 -FilePath $target; return }
    Invoke-Command -ComputerName $Client -ScriptBlock $look -ArgumentList $Name | Out-File -Encoding UTF8 -FilePath $target
}

if ($ControllerLogs) {
    Invoke-Step 'domain controllers' {
        Import-Module ActiveDirectory
        $controllers = foreach ($domain in (Get-ADForest).Domains) { Get-ADDomainController -Server $domain -Filter * }
        $script:LogHosts = @($LogHosts) + @($controllers | ForEach-Object { $_.HostName })
    }
}
foreach ($computer in @($LogHosts | Sort-Object -Unique)) {
    Invoke-Step "System log of $computer" { Save-SystemLog $computer }
}
if (@($AddressHosts).Count) { Save-Addresses $AddressHosts }
if ($Accounts) { Invoke-Step 'accounts' { Save-Accounts } }
if ($DnsRecords) { Invoke-Step 'DNS records' { Save-DnsRecords } }
foreach ($pair in $Resolve) {
    $client, $name = $pair.Split('|')
    Invoke-Step "what $name leads to on $client" { Save-Resolution $client $name }
}

if ($script:failed.Count) {
    $script:failed | Out-File -Encoding UTF8 -FilePath (Join-Path $Folder 'failed.txt')
    Write-Warning "$($script:failed.Count) steps failed; see failed.txt in $Folder"
}
Write-Host "Then: krbtriage triage -i $addressFolder -s $accountFolder -o report.csv $logFolder"
if ($script:failed.Count) { exit 1 }
