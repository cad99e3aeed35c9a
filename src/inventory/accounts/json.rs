//! What of a JSON object is of interest: attributes by their names, and the texts in their values.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::collect::{Attribute, Collector, Entry};

/// A member's name, told apart without being copied.
enum Key {
    Attribute(Attribute),
    Name,
    Value,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(match Attribute::named(name) {
                    Some(attribute) => Key::Attribute(attribute),
                    None if name == "name" => Key::Name,
                    None if name.eq_ignore_ascii_case("value") => Key::Value,
                    None => Key::Other,
                })
            }
        }
        from.deserialize_str(Name)
    }
}

/// What of a JSON value is of interest: the texts in it.
#[derive(Debug, Default)]
pub(super) struct Texts<'j> {
    pub texts: Vec<Cow<'j, str>>,
    /// It was one text, not a list: a list deeper than `-Depth` is joined with blanks.
    pub alone: bool,
}

impl<'de: 'j, 'j> Deserialize<'de> for Texts<'j> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut texts = Texts::default();
        TextsIn(&mut texts).deserialize(from)?;
        Ok(texts)
    }
}

struct TextsIn<'t, 'j>(&'t mut Texts<'j>);

impl<'de> DeserializeSeed<'de> for TextsIn<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> TextsIn<'_, 'de> {
    fn add(self, text: Cow<'de, str>) {
        self.0.alone = self.0.texts.is_empty();
        self.0.texts.push(text);
    }
}

impl<'de> Visitor<'de> for TextsIn<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, yes: bool) -> Result<(), E> {
        self.add(Cow::Borrowed(if yes { "true" } else { "false" }));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.add(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.add(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.add(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.add(Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.add(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(TextsIn(self.0))?.is_some() {}
        self.0.alone = false;
        Ok(())
    }

    /// `{"value": .., "Count": 3}` is how Windows PowerShell wraps a list or a date.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key>()? {
            if matches!(key, Key::Value) {
                map.next_value_seed(TextsIn(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The attributes of interest in one JSON object; everything else is passed over without being built.
#[derive(Default)]
pub(super) struct Attributes<'j> {
    pub attributes: Vec<(Attribute, Texts<'j>)>,
    /// `name`, which is no attribute of the directory's but SharpHound's.
    pub name: Option<Texts<'j>>,
}

impl<'de: 'j, 'j> Deserialize<'de> for Attributes<'j> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Attributes<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object with a directory object's attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = Attributes::default();
                while let Some(key) = map.next_key::<Key>()? {
                    match key {
                        Key::Attribute(attribute) => found.attributes.push((attribute, map.next_value()?)),
                        Key::Name => found.name = Some(map.next_value()?),
                        Key::Value | Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(found)
            }
        }
        from.deserialize_map(Object)
    }
}

/// Takes attributes over into an entry, lists value by value.
pub(super) fn set_all(entry: &mut Entry, attributes: &[(Attribute, Texts)], line: u64, to: &mut Collector) {
    for (attribute, Texts { texts, alone }) in attributes {
        for text in texts {
            if *alone {
                entry.set_flattened(*attribute, text, line, to);
            } else {
                entry.set(*attribute, text, line, to);
            }
        }
    }
}
