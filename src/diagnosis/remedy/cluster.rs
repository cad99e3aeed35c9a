//! Fixes for names and addresses that several nodes share: farms, load balancers, availability groups, clusters.

use super::Step;
use super::view::{Service, View};
use crate::diagnosis::command::Command;
use crate::diagnosis::request::{
    CLUSTER_EVENTS, LIST_POOLS, LIST_SERVICES, WINDOWS_AUTHENTICATION, account_query, appcmd, spn_query,
};

/// The step that makes every node run the service under one account.
fn use_one_account(view: &View<'_>) -> Step {
    let owner = view.owner.in_sentence();
    let service = view.service.words();
    let step = Step::host(format!(
        "Run {service} on every node under one account, {owner}, and restart the nodes one after the \
         other. A group managed service account suits this."
    ))
    .only_if(format!("{owner} is the account that all nodes are meant to use"))
    .risk("each node is away while its service restarts.")
    .needs("the account's right to log on as a service on every node, and its rights to the data.")
    .undo("Run the service under its old account again.", []);
    if !view.may_be_service(Service::Web) {
        return step;
    }
    let mut step = step.run(appcmd(
        "every web node",
        &format!("set config '<site>' {WINDOWS_AUTHENTICATION} -useAppPoolCredentials:true /commit:apphost"),
    ));
    step.action.to_mut().push_str(
        " IIS in kernel mode uses the key of the machine all the same: set useAppPoolCredentials to true \
         on every node.",
    );
    step
}

/// Steps for a name that several nodes share, if a node does not run under the account of the SPN.
pub(super) fn shared_name(view: &View<'_>) -> Vec<Step> {
    let (target, spn, owner, account) = (
        view.target.in_sentence(),
        view.spn.in_sentence(),
        view.owner.in_sentence(),
        view.account.with_origin(),
    );
    let mut steps = vec![Step::note(format!(
        "Not safe to move {spn} to the node that answered: it works until the next failover. {} is a \
         shared name (farm, load balancer, availability group listener), so all nodes need the key of one \
         account. DNS is right.",
        view.target.at_start()
    ))];
    steps.push(list_nodes(view));
    steps.push(view.with_verification(use_one_account(view)));
    if view.may_be_service(Service::Web) {
        steps.push(share_exchange_account(view));
    }
    if view.may_be_service(Service::Windows) {
        steps.push(Step::read(format!(
            "For AD FS, the HOST SPN of {target} on the service account is right: leave it there, and \
             check that every node of the farm runs under {owner}."
        )));
    }
    steps.push(view.save_spns(&[&view.owner, &view.account]));
    steps.push(view.move_spn(
        &view.owner,
        &view.account,
        &format!("every node already runs under {account}, and {owner} is the wrong account"),
    ));
    if view.may_be_service(Service::Sql) {
        steps.push(Step::read(
            "For SQL Server register the SPN of the listener twice, with its port and without, on that one \
             account, and test once after a failover.",
        ));
    }
    steps.push(view.purge_tickets());
    steps
}

/// The check of every node and its account.
fn list_nodes(view: &View<'_>) -> Step {
    let step = Step::read(format!(
        "List every node that serves {} and the account that {} runs under on each.",
        view.target.in_sentence(),
        view.service.words()
    ));
    let services = Command::at("every node", LIST_SERVICES);
    let pools = view.may_be_service(Service::Web).then(|| appcmd("every web node", LIST_POOLS));
    let replicas = view.may_be_service(Service::Sql).then(|| {
        Command::at("SQL Server", "sqlcmd -E -Q 'SELECT replica_server_name FROM sys.availability_replicas'")
    });
    step.run(services).run_all(pools).run_all(replicas)
}

/// The step that gives an Exchange server behind a load balancer the alternate service account (ASA).
fn share_exchange_account(view: &View<'_>) -> Step {
    let server = view.responder.in_command();
    Step::host(format!(
        "Give {} the alternate service account (ASA) that the other servers have, from one of them.",
        view.responder.with_origin()
    ))
    .only_if("the service is Exchange")
    .risk("clients of that server authenticate again.")
    .needs(
        "the Exchange Management Shell, and the script RollAlternateServiceAccountPassword.ps1 of Exchange.",
    )
    .run(Command::new(format!(
        ".\\RollAlternateServiceAccountPassword.ps1 -ToSpecificServer {server} -CopyFrom <server that has \
         it>"
    )))
    .undo(
        "Take the credential away again.",
        [Command::new(format!("Set-ClientAccessService {server} -RemoveAlternateServiceAccountCredentials"))],
    )
    .verify(
        "The server shows the same account as the others.",
        [Command::new(
            "Get-ClientAccessService -IncludeAlternateServiceAccountCredentialStatus | Format-List Name, \
             AlternateServiceAccount*",
        )],
    )
}

/// Steps for an address that a cluster or load balancer shares on purpose.
pub(super) fn shared_on_purpose(view: &View<'_>) -> Vec<Step> {
    let (target, address) = (view.target.in_sentence(), view.address_words());
    vec![
        Step::note(format!(
            "A cluster, NLB or load balancer shares {address} on purpose: leave it on every node. Never \
             remove it or its adapter, because that takes the farm down."
        )),
        Step::read(format!(
            "See which nodes share the address, and what {target} and the nodes' own names resolve to."
        ))
        .run(Command::at("a node", "Get-NlbClusterNode"))
        .run(Command::at("a node", "Get-ClusterNode"))
        .run(view.resolve_target()),
        view.with_verification(
            Step::host(
                "Let the nodes reach each other by their own names at their own addresses: stop each node \
                 from registering the shared address under its own name.",
            )
            .only_if(format!("{target} is the own name of a node and resolves to the shared address"))
            .risk("none for clients of the shared name.")
            .needs("an elevated prompt on the node.")
            .run(Command::at(
                "the node",
                "Set-DnsClient -InterfaceAlias '<shared adapter>' -RegisterThisConnectionsAddress $false",
            ))
            .run(Command::at("the node", "ipconfig /registerdns"))
            .undo(
                "Register it again.",
                [Command::at(
                    "the node",
                    "Set-DnsClient -InterfaceAlias '<shared adapter>' -RegisterThisConnectionsAddress $true",
                )],
            ),
        ),
        use_one_account(view),
        Step::directory(format!("Register {} on that one account.", view.spn.in_sentence()))
            .only_if(format!(
                "{target} is the name of the farm and no account owns {}",
                view.spn.in_sentence()
            ))
            .risk("a node whose service runs under another account then fails for every client.")
            .needs("the right to write servicePrincipalName on the account.")
            .run(view.setspn("-S", &view.owner))
            .undo("Remove it again.", [view.setspn("-D", &view.owner)])
            .verify("One account owns it.", spn_query(&view.spn)),
        view.purge_tickets(),
    ]
}

/// Steps for the account of a cluster name (CNO or VCO) whose password in the cluster differs from the directory.
pub(super) fn cluster_name_account(view: &View<'_>) -> Vec<Step> {
    let account = view.account.in_sentence();
    let target = view.target.in_sentence();
    let (resource, role) = ("<network name resource>", "<role>");
    vec![
        Step::note(format!(
            "Not in production hours without a window: the network name of {target} goes offline for about \
             a minute, and everything that depends on it too. A reset of the account's password in the \
             directory, or Test-ComputerSecureChannel on a node, does not help: the cluster keeps this \
             password itself."
        )),
        Step::read(format!(
            "Check that {account} exists and is enabled, and read the cluster's events. The cluster's own \
             account (CNO) needs the right to reset the password of the accounts of its roles."
        ))
        .run(Command::new(account_query(
            &view.account,
            "userAccountControl, pwdLastSet, whenChanged, isDeleted",
        )))
        .run(Command::on(view.server(), CLUSTER_EVENTS))
        .run(Command::on(
            view.server(),
            "Get-ClusterResource | Where-Object ResourceType -eq 'Network Name' | Select-Object Name, OwnerGroup, State",
        )),
        Step::directory(format!("Enable {account}, or restore it from the Active Directory Recycle Bin."))
            .only_if(format!("{account} is disabled or deleted"))
            .risk("none, if no other machine uses the account.")
            .needs("the right to change the account.")
            .run(Command::new(format!("Enable-ADAccount {}", view.account.in_command())))
            .undo(
                "Disable it again.",
                [Command::new(format!("Disable-ADAccount {}", view.account.in_command()))],
            )
            .verify(
                "The account is enabled on every domain controller.",
                [Command::new(account_query(&view.account, "userAccountControl"))],
            ),
        Step::host(format!(
            "Take the network name of {target} offline, in Failover Cluster Manager or with the command."
        ))
        .risk("the role goes offline, and every share, listener or service that depends on the name.")
        .needs("a maintenance window, and the names of role and resource from the list above.")
        .run(Command::on(view.server(), format!("Stop-ClusterResource '{resource}'")))
        .undo(
            "Bring the role online.",
            [Command::on(view.server(), format!("Start-ClusterGroup '{role}'"))],
        ),
        Step::directory(
            "While it is offline, choose Repair Active Directory Object in Failover Cluster Manager (the \
             resource, More Actions). It has no command. For the cluster's own name do this as a user who \
             may reset the password of its account.",
        )
        .only_if("the network name is offline, and its account exists and is enabled")
        .risk("none apart from the outage: the cluster sets a new password of this one account.")
        .needs("the right to reset the password of the account: for a role, the cluster's own account has it.")
        .undo("Nothing to undo: the old password was wrong.", [])
        .verify(
            "pwdLastSet of the account is new.",
            [Command::new(account_query(&view.account, "pwdLastSet"))],
        ),
        view.with_verification(
            Step::host("Bring the whole role online, not only its name: what depends on it stays offline otherwise.")
                .only_if("the network name is offline")
                .risk("none.")
                .run(Command::on(view.server(), format!("Start-ClusterGroup '{role}'")))
                .undo("Nothing to undo.", []),
        ),
        view.purge_tickets(),
    ]
}
