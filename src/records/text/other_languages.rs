//! Finds the values in messages of event 4 in languages other than English.
//!
//! The values have the same places in every language. The server follows the word for server. The target is the next SPN or
//! computer account. The two domains are in parentheses, the target's first.
//!
//! A public post of a Windows 7 event confirms the Russian wording. No public message table was found for other languages.

use std::sync::LazyLock;

use regex::Regex;

use super::flat_event::MODIFIED_ERROR;
use crate::records::Datum;

/// A piece of each confirmed wording that no other wording has.
const CONFIRMED: &[&str] = &["Использовалось конечное имя"];

/// The word for server in several languages, then the name.
static SERVER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:\b(?:server|serveur|servidor|serwera|сервера)\b|サーバー|服务器|伺服器|서버)[\s"'„“”«‘]*([A-Za-z0-9_][A-Za-z0-9_./:@-]*\$?)"#,
    )
    .ok()
});

/// An SPN, or the name of a computer account.
static TARGET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.:@/$*-]*[A-Za-z0-9_$*-]|[A-Za-z0-9_.-]+\$").ok()
});

/// A name in parentheses that follow a blank or a non-ASCII character. `Intel(R)` and `192.0.2.1(Preferred)` do not match.
static DOMAIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:[^!-~]\(|（)([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)[)）]").ok());

/// Is it a DNS name with a dot? Parentheses also contain abbreviations (`SPN`), numbers (`135 (0x87)`) and addresses. A domain
/// name without a dot is not found.
fn is_dns_domain(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(_, last)| last.chars().any(char::is_alphabetic))
}

/// Finds the values of event 4, and whether the wording is confirmed. `None` if the server or the target is missing.
pub(super) fn values(description: &str) -> Option<(Vec<Datum>, bool)> {
    let error = description.find(MODIFIED_ERROR)?;
    let server = SERVER.as_ref()?.captures(description)?.get(1)?;
    // Japanese has the server before the error, the others after it.
    let from = server.end().max(error + MODIFIED_ERROR.len());
    let rest = description.get(from..)?;
    let target = TARGET.as_ref()?.find(rest)?;
    let mut domains = DOMAIN
        .as_ref()?
        .captures_iter(rest.get(target.end()..)?)
        .filter_map(|found| Some(found.get(1)?.as_str()))
        .filter(|domain| is_dns_domain(domain));
    let mut data = vec![("Server", server.as_str().trim_end_matches('.'))];
    let realms = (domains.next(), domains.next());
    if let (Some(target_realm), Some(_)) = realms {
        data.push(("TargetRealm", target_realm));
    }
    data.push(("Targetname", target.as_str()));
    if let (Some(_), Some(client_realm)) = realms {
        data.push(("ClientRealm", client_realm));
    }
    let data = data
        .into_iter()
        .map(|(name, value)| Datum { name: Some(name.into()), value: value.into() })
        .collect();
    Some((data, CONFIRMED.iter().any(|piece| description.contains(piece))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(Vec<String>, bool)> {
        let (data, verified) = values(text)?;
        Some((data.into_iter().map(|datum| datum.value.to_string()).collect(), verified))
    }

    #[test]
    fn the_values_have_the_same_places_in_every_language() {
        for (text, verified) in [
            (
                "Der Kerberos-Client hat einen KRB_AP_ERR_MODIFIED-Fehler vom Server \"srv1$\" empfangen. Der verwendete Zielname war \"host/srv2.beta.example.com\". Wenn die Zieldomäne (A.EXAMPLE) sich von der Clientdomäne (B.EXAMPLE) unterscheidet, ...",
                false,
            ),
            (
                "Le client Kerberos a reçu une erreur KRB_AP_ERR_MODIFIED du serveur srv1$. Le nom cible utilisé était host/srv2.beta.example.com. Le nom principal de service (SPN) ... le domaine cible (A.EXAMPLE) est différent du domaine client (B.EXAMPLE), ...",
                false,
            ),
            (
                "El cliente de Kerberos recibió un error KRB_AP_ERR_MODIFIED del servidor srv1$. El nombre de destino usado fue host/srv2.beta.example.com. ... (A.EXAMPLE) ... (B.EXAMPLE)",
                false,
            ),
            (
                "Il client Kerberos ha ricevuto un errore KRB_AP_ERR_MODIFIED dal server srv1$. Il nome di destinazione utilizzato è host/srv2.beta.example.com. ... (A.EXAMPLE) ... (B.EXAMPLE)",
                false,
            ),
            (
                "O cliente Kerberos recebeu um erro KRB_AP_ERR_MODIFIED do servidor srv1$. O nome de destino usado foi host/srv2.beta.example.com. ... (A.EXAMPLE) ... (B.EXAMPLE)",
                false,
            ),
            (
                "Клиент Kerberos получил ошибку KRB_AP_ERR_MODIFIED с сервера srv1$. Использовалось конечное имя host/srv2.beta.example.com. ... конечный домен (A.EXAMPLE) отличен от домена клиента (B.EXAMPLE)",
                true,
            ),
            (
                "Klient Kerberos odebrał błąd KRB_AP_ERR_MODIFIED z serwera srv1$. Użyto nazwy docelowej host/srv2.beta.example.com. ... (A.EXAMPLE) ... (B.EXAMPLE)",
                false,
            ),
            (
                "Kerberos クライアントはサーバー srv1$ から KRB_AP_ERR_MODIFIED エラーを受信しました。使用したターゲット名は host/srv2.beta.example.com でした。ターゲット ドメイン (A.EXAMPLE) ... (B.EXAMPLE)",
                false,
            ),
            (
                "Kerberos 客户端从服务器 srv1$ 收到 KRB_AP_ERR_MODIFIED 错误。使用的目标名称是host/srv2.beta.example.com。目标域（A.EXAMPLE）与客户端域（B.EXAMPLE）不同",
                false,
            ),
        ] {
            let want = ["srv1$", "A.EXAMPLE", "host/srv2.beta.example.com", "B.EXAMPLE"].map(String::from);
            assert_eq!(found(text), Some((want.to_vec(), verified)), "{text}");
        }
    }

    #[test]
    fn a_text_about_the_error_has_no_values() {
        for text in [
            "Unsere Server melden KRB_AP_ERR_MODIFIED.",
            "KRB_AP_ERR_MODIFIED vom Server %1. Der Zielname war %3.",
            "KRB_AP_ERR_MODIFIED vom Server <Name>. Der Zielname war <SPN>.",
            "",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
