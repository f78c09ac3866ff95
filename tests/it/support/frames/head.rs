//! What a request says of itself, as far as rules ask for it.

/// The requests of a producer, with their numbers in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Api {
    Produce = 0,
    InitProducerId = 22,
    AddPartitionsToTxn = 24,
    AddOffsetsToTxn = 25,
    EndTxn = 26,
    TxnOffsetCommit = 28,
}

impl Api {
    pub const ALL: [Api; 6] = [
        Api::Produce,
        Api::InitProducerId,
        Api::AddPartitionsToTxn,
        Api::AddOffsetsToTxn,
        Api::EndTxn,
        Api::TxnOffsetCommit,
    ];

    /// The first version with compact lengths and tagged fields.
    fn first_flexible(self) -> i16 {
        match self {
            Api::Produce => 9,
            Api::InitProducerId => 2,
            _ => 3,
        }
    }
}

/// The head of a request. Of one that is no producer's, only the correlation id is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub api: Option<Api>,
    pub version: i16,
    pub correlation: i32,
    pub client: Option<String>,
    pub transactional_id: Option<String>,
    /// Of a Produce, each partition with its topic.
    pub partitions: Vec<(String, i32)>,
    /// Of an EndTxn: whether it commits.
    pub commits: bool,
}

impl Head {
    /// Of one that no rule is for.
    pub(super) fn of_another(request: &[u8]) -> Head {
        let correlation = request.get(4..8).and_then(|bytes| bytes.try_into().ok());
        Head {
            api: None,
            version: 0,
            correlation: correlation.map_or(0, i32::from_be_bytes),
            client: None,
            transactional_id: None,
            partitions: Vec::new(),
            commits: false,
        }
    }

    /// Of a request without its length. `None` if it is cut off or of a shape that no client of these tests sends.
    pub fn of(request: &[u8]) -> Option<Head> {
        let mut fields = Fields {
            rest: request,
            flexible: false,
        };
        let key = fields.i16()?;
        let mut head = Head {
            api: Api::ALL.into_iter().find(|api| *api as i16 == key),
            version: fields.i16()?,
            correlation: fields.i32()?,
            client: None,
            transactional_id: None,
            partitions: Vec::new(),
            commits: false,
        };
        let Some(api) = head.api else { return Some(head) };
        // Never compact, in no version.
        head.client = fields.string()?;
        fields.flexible = head.version >= api.first_flexible();
        fields.tags()?;
        // Of all these requests it is the first field; of AddPartitionsToTxn up to the version that is for brokers.
        head.transactional_id = fields.string()?;
        match api {
            Api::Produce => head.partitions = fields.produced()?,
            Api::EndTxn => {
                fields.skip(PRODUCER_BYTES)?;
                head.commits = fields.skip(1)?[0] == 1;
            }
            _ => {}
        }
        Some(head)
    }

    /// The error code in an EndTxn's or InitProducerId's answer without its length.
    pub fn error_in(&self, answer: &[u8]) -> Option<i16> {
        let api = self
            .api
            .filter(|api| matches!(api, Api::EndTxn | Api::InitProducerId))?;
        let mut fields = Fields {
            rest: answer,
            flexible: self.version >= api.first_flexible(),
        };
        // The correlation id and, behind the tags, the throttle time.
        fields.i32()?;
        fields.tags()?;
        fields.i32()?;
        fields.i16()
    }
}

/// A producer's id and epoch.
const PRODUCER_BYTES: usize = 8 + 2;

struct Fields<'a> {
    rest: &'a [u8],
    flexible: bool,
}

impl<'a> Fields<'a> {
    fn skip(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.skip(2)?.try_into().ok()?))
    }

    fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.skip(4)?.try_into().ok()?))
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.skip(1)?[0];
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A length or a count; `None` inside is null.
    fn length(&mut self, wide: bool) -> Option<Option<usize>> {
        if self.flexible {
            return Some(self.varint()?.checked_sub(1));
        }
        let length = if wide { self.i32()? } else { i32::from(self.i16()?) };
        Some(usize::try_from(length).ok())
    }

    /// `None` inside is null.
    fn string(&mut self) -> Option<Option<String>> {
        let Some(length) = self.length(false)? else {
            return Some(None);
        };
        let bytes = self.skip(length)?;
        Some(Some(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn tags(&mut self) -> Option<()> {
        if !self.flexible {
            return Some(());
        }
        for _ in 0..self.varint()? {
            self.varint()?;
            let length = self.varint()?;
            self.skip(length)?;
        }
        Some(())
    }

    /// The partitions of a Produce, versions 3 to 12, from behind its transactional id.
    fn produced(&mut self) -> Option<Vec<(String, i32)>> {
        let mut found = Vec::new();
        // The acknowledgements and the timeout.
        self.skip(2 + 4)?;
        for _ in 0..self.length(true)?? {
            let topic = self.string()??;
            for _ in 0..self.length(true)?? {
                found.push((topic.clone(), self.i32()?));
                let batch = self.length(true)?.unwrap_or_default();
                self.skip(batch)?;
                self.tags()?;
            }
            self.tags()?;
        }
        Some(found)
    }
}
