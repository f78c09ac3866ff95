//! The topics of the pipeline, and which partition a blob's records go to.

/// The partition of everything that belongs to one blob: FNV-1a, 32 bits, over the full blob name, modulo the topic's
/// partition count. Other programs write the same topics with the same rule.
pub fn partition_of(blob_name: &str, partitions: u32) -> u32 {
    const OFFSET_BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    let hash = blob_name
        .bytes()
        .fold(OFFSET_BASIS, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME));
    hash % partitions.max(1)
}

/// Whether a selector's lines go to the proxy topic: those do whose name contains `proxy`.
pub fn is_proxy(selector: &str) -> bool {
    selector.contains("proxy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Reference values of the algorithm's authors for "", "a" and "foobar".
        assert_eq!(partition_of("", u32::MAX), 0x811c_9dc5);
        assert_eq!(partition_of("a", u32::MAX), 0xe40c_292c);
        assert_eq!(partition_of("foobar", u32::MAX), 0xbf9c_f968);
    }

    #[test]
    fn one_partition_takes_everything() {
        assert_eq!(partition_of("kubernetes/20250606.x", 1), 0);
    }
}
