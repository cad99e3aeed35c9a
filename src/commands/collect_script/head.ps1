<#
.SYNOPSIS
Exports what krbtriage needs: accounts with SPNs, DNS records, addresses, names and events.

.DESCRIPTION
Made by "krbtriage collect-script". Read it before you run it.

The script changes no setting. On a visited host it makes one folder in %TEMP% and removes it, also when
a step fails. A step that fails ends no other step: failed.txt lists the failures, and the exit status is 1.

It visits only computers that have an account in this forest, over PowerShell remoting (WinRM) with
Kerberos. It never falls back to NTLM, DCOM or SMB unless you pass -AllowNtlmFallback.

The host that answers reports its own name. Where that is not the name that was asked for, or where the
answering host cannot decrypt the ticket, the script writes the difference to findings.csv: that is the
fault that krbtriage looks for.

The developers parsed this script. They never ran it on Windows.

.PARAMETER Folder
The folder for the results. The results of the last run move to FOLDER-previous, so that old files never mix
with new ones.

.PARAMETER Only
Collect these parts only: Accounts, Dns, Addresses, Settings, Names, Logs, ControllerLogs.

.PARAMETER Skip
Leave these parts out.

.PARAMETER Days
Export the events of the last DAYS days. 0 exports all of them.

.PARAMETER ThisHostOnly
Visit no other host. Run the script so on a host that refuses the connection.

.PARAMETER ThrottleLimit
How many hosts the script visits at once.

.PARAMETER ConnectSeconds
How long it waits for a connection to a host.

.PARAMETER HostSeconds
How long a host may take for one part.

.PARAMETER IncludePortInSPN
Ask for HTTP/host:5985 instead of HTTP/host. Needed where a web service owns the SPN HTTP/host.

.PARAMETER AllowNtlmFallback
Allow NTLM, DCOM and SMB for hosts that remoting does not reach. A host that an attacker controls can relay
such a logon. Use an account that has rights on that host only.

.NOTES
Part            What it needs
Accounts, Dns   Any domain user. It reads Active Directory over LDAP. The module DnsServer is used only for
                a domain whose zones are not in Active Directory.
Addresses       Remote Management Users on the host.
Names           Remote Management Users on the client.
Settings        Local administrator on the host. With less it reports what it could not read: services,
                application pools, cluster resources, the tickets of the system account.
Logs            Remote Management Users and Event Log Readers on the host.
ControllerLogs  The same two groups of the domain. No part needs Domain Admins.
On this host    An elevated prompt for Settings; Event Log Readers for Logs.

Windows PowerShell 5.1 or later here and on the hosts, in full language mode. Where AppLocker or App Control
enforces signed scripts, sign this file. Where a policy sets AllSigned, -ExecutionPolicy Bypass does not help.
A JEA endpoint refuses the script blocks.

.EXAMPLE
powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1 -Folder C:\krbtriage\collected

.EXAMPLE
powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1 -Only Accounts,Dns
#>
#Requires -Version 5.1
[CmdletBinding()]
param(
    [string] $Folder = 'krbtriage-collected',
    [string[]] $Only = @(),
    [string[]] $Skip = @(),
    [ValidateRange(0, 3650)] [int] $Days = 0,
    [switch] $ThisHostOnly,
    [ValidateRange(1, 256)] [int] $ThrottleLimit = 32,
    [ValidateRange(1, 600)] [int] $ConnectSeconds = 15,
    [ValidateRange(10, 86400)] [int] $HostSeconds = 300,
    [switch] $IncludePortInSPN,
    [switch] $AllowNtlmFallback
)

