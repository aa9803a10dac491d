use super::*;

fn with_addresses(addresses: &[&str]) -> NatsOptions {
    let addresses = addresses.iter().map(|one| (*one).to_owned()).collect();
    NatsOptions { addresses, ..NatsOptions::default() }
}

#[test]
fn a_login_in_an_address_is_used_and_never_shown() {
    let options = NatsOptions {
        password: Some("secret-of-the-options".into()),
        ..with_addresses(&["nats://mona:p%40ss%3Aw@broker-1:4333", "broker-2"])
    };
    let servers = Servers::of(&options).unwrap();
    assert_eq!(servers.login, Some(("mona".to_owned(), "p@ss:w".to_owned())));
    assert_eq!(servers.names(), "broker-1:4333, broker-2:4222");
    let shown = format!("{options:?} {} {:?}", servers.names(), servers.addresses);
    assert!(!shown.contains("ss%3Aw") && !shown.contains("p@ss") && !shown.contains("secret-of"), "{shown}");
}

#[test]
fn given_names_count_more_than_those_in_addresses() {
    let options =
        NatsOptions { username: Some("theo".into()), ..with_addresses(&["tls://mona:word@broker:4222"]) };
    let servers = Servers::of(&options).unwrap();
    assert_eq!(servers.login, Some(("theo".to_owned(), String::new())));
    assert!(servers.addresses[0].tls_required());
}

#[test]
fn what_is_no_address_is_refused_without_being_repeated() {
    assert!(matches!(Servers::of(&with_addresses(&[])), Err(NatsError::NoAddress)));
    for bad in ["http://mona:word@broker", "nats://mona:word@", "ws://broker", "nats://mona:word@broker:port"]
    {
        let Err(error) = Servers::of(&with_addresses(&["broker", bad])) else { panic!("{bad} passed") };
        assert!(matches!(error, NatsError::Address(2)), "{bad}: {error}");
        assert!(!error.to_string().contains("word"), "{error}");
    }
}
