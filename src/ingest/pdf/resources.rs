//! What the names in content stand for: tables from names to fonts and forms, made once for each dictionary.
//!
//! A dictionary is read anew by the library each time it is asked for, in time linear in its length.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use hayro_font::hayro_syntax::object::{Dict, Name, ObjectIdentifier, Stream};

use super::fonts::{Fonts, LoadedFont};
use super::glyphs::Matrix;
use super::unpack::Unpacking;

/// How many bytes of a dictionary that is read count for an operator.
const DICTIONARY: u64 = 16;

/// How many operators an object counts for that is not what its name should stand for: it was gone through all the same.
const BROKEN: u64 = 10_000;

/// How deep a page tree is at most.
const TREE: usize = 64;

/// Where the bytes of a dictionary stand, and how many they are.
type Place = (usize, usize);

fn place(dict: &Dict<'_>) -> Place {
    (dict.data().as_ptr() as usize, dict.data().len())
}

/// What a dictionary of resources names.
pub(super) struct Resources<'a> {
    fonts: Rc<Table<'a, LoadedFont<'a>>>,
    objects: Rc<Table<'a, Object<'a>>>,
}

/// What the names of one dictionary stand for, as far as that was asked for.
struct Table<'a, T> {
    dict: Dict<'a>,
    known: RefCell<HashMap<Vec<u8>, Option<Rc<T>>>>,
}

/// A form or a picture.
pub(super) enum Object<'a> {
    Picture,
    Form {
        stream: Stream<'a>,
        matrix: Matrix,
        /// None where it uses those of what shows it.
        resources: Option<Rc<Resources<'a>>>,
    },
}

/// The resources of a document.
pub(super) struct AllResources<'a> {
    fonts: Fonts<'a>,
    by_place: HashMap<Place, Rc<Resources<'a>>>,
    font_tables: HashMap<Place, Rc<Table<'a, LoadedFont<'a>>>>,
    object_tables: HashMap<Place, Rc<Table<'a, Object<'a>>>>,
    objects: HashMap<Place, Rc<Object<'a>>>,
    /// What nodes of the page tree hand down, and what pages refer to.
    by_number: HashMap<ObjectIdentifier, Rc<Resources<'a>>>,
}

/// How many operators may still be run.
pub(super) struct Work(pub(super) u64);

impl Work {
    /// Counts operators; `None` where those were all, and from then on.
    pub(super) fn spend(&mut self, operators: u64) -> Option<()> {
        let left = self.0.checked_sub(operators);
        self.0 = left.unwrap_or(0);
        left.map(|_| ())
    }

    fn spend_on(&mut self, dict: &Dict<'_>) -> Option<()> {
        self.spend(dict.data().len() as u64 / DICTIONARY)
    }
}

impl<'a> AllResources<'a> {
    pub(super) fn new() -> Self {
        Self {
            fonts: Fonts::new(),
            by_place: HashMap::new(),
            font_tables: HashMap::new(),
            object_tables: HashMap::new(),
            objects: HashMap::new(),
            by_number: HashMap::new(),
        }
    }

    /// The resources of a page, or those of the nearest node of the page tree that has some.
    pub(super) fn of_page(&mut self, page: &Dict<'a>, work: &mut Work) -> Rc<Resources<'a>> {
        let own_id = page.get_ref("Resources").map(ObjectIdentifier::from);
        if let Some(known) = own_id.and_then(|id| self.by_number.get(&id)) {
            return Rc::clone(known);
        }
        if let Some(own) = page.get::<Dict<'_>>("Resources") {
            let own = self.of(&own, work);
            self.by_number
                .extend(own_id.map(|id| (id, Rc::clone(&own))));
            return own;
        }
        let mut path = Vec::new();
        let mut node = page.clone();
        let mut found = None;
        while path.len() < TREE {
            let id = node.get_ref("Parent").map(ObjectIdentifier::from);
            if let Some(known) = id.and_then(|id| self.by_number.get(&id)) {
                found = Some(Rc::clone(known));
                break;
            }
            let Some(parent) = node.get::<Dict<'_>>("Parent") else {
                break;
            };
            path.extend(id);
            if work.spend_on(&parent).is_none() {
                break;
            }
            if let Some(resources) = parent.get::<Dict<'_>>("Resources") {
                found = Some(self.of(&resources, work));
                break;
            }
            node = parent;
        }
        let found = found.unwrap_or_else(|| self.of(&Dict::empty(), work));
        for id in path {
            self.by_number.insert(id, Rc::clone(&found));
        }
        found
    }

    fn of(&mut self, dict: &Dict<'a>, work: &mut Work) -> Rc<Resources<'a>> {
        let place = place(dict);
        if let Some(known) = self.by_place.get(&place) {
            return Rc::clone(known);
        }
        let mut part = |key| {
            work.spend_on(dict)?;
            let part = dict.get::<Dict<'_>>(key)?;
            work.spend_on(&part)?;
            Some(part)
        };
        let resources = Rc::new(Resources {
            fonts: table(&mut self.font_tables, part("Font")),
            objects: table(&mut self.object_tables, part("XObject")),
        });
        self.by_place.insert(place, Rc::clone(&resources));
        resources
    }

    /// The font of a name.
    pub(super) fn font(
        &mut self,
        resources: &Resources<'a>,
        name: &[u8],
        unpacking: &mut Unpacking,
        work: &mut Work,
    ) -> Option<Rc<LoadedFont<'a>>> {
        resources.fonts.find(name, |dict| {
            let Some(font) = dict.get::<Dict<'_>>(name) else {
                work.spend(BROKEN)?;
                return None;
            };
            work.spend_on(&font)?;
            self.fonts.load(&font, unpacking)
        })
    }

    /// The form or the picture of a name.
    pub(super) fn object(
        &mut self,
        resources: &Resources<'a>,
        name: &[u8],
        work: &mut Work,
    ) -> Option<Rc<Object<'a>>> {
        resources.objects.find(name, |dict| {
            let Some(stream) = dict.get::<Stream<'_>>(name) else {
                work.spend(BROKEN)?;
                return None;
            };
            work.spend_on(stream.dict())?;
            let place = place(stream.dict());
            if let Some(known) = self.objects.get(&place) {
                return Some(Rc::clone(known));
            }
            let object = Rc::new(self.form_or_picture(stream, work));
            self.objects.insert(place, Rc::clone(&object));
            Some(object)
        })
    }

    fn form_or_picture(&mut self, stream: Stream<'a>, work: &mut Work) -> Object<'a> {
        let dict = stream.dict();
        let subtype = dict.get::<Name<'_>>("Subtype");
        if subtype.is_some_and(|subtype| subtype.as_ref() == b"Image") {
            return Object::Picture;
        }
        let matrix = dict.get::<[f32; 6]>("Matrix");
        let resources = dict.get::<Dict<'_>>("Resources");
        Object::Form {
            matrix: matrix.map_or(Matrix::IDENTITY, |matrix| Matrix(matrix.map(f64::from))),
            resources: resources.map(|resources| self.of(&resources, work)),
            stream,
        }
    }
}

fn table<'a, T>(
    tables: &mut HashMap<Place, Rc<Table<'a, T>>>,
    dict: Option<Dict<'a>>,
) -> Rc<Table<'a, T>> {
    let dict = dict.unwrap_or_default();
    let new = || {
        Rc::new(Table {
            dict: dict.clone(),
            known: RefCell::default(),
        })
    };
    Rc::clone(tables.entry(place(&dict)).or_insert_with(new))
}

impl<'a, T> Table<'a, T> {
    /// What a name stands for: what is known, or what `find` finds in the dictionary.
    fn find(&self, name: &[u8], find: impl FnOnce(&Dict<'a>) -> Option<Rc<T>>) -> Option<Rc<T>> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        if !self.dict.contains_key(name) {
            return None;
        }
        let found = find(&self.dict);
        self.known.borrow_mut().insert(name.to_vec(), found.clone());
        found
    }
}
