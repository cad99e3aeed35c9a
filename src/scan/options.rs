use crate::zone::Zone;

/// Options of a scan.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Number of worker threads; 0 means one per core.
    pub threads: usize,
    /// Are records in slack space also read?
    pub recover: bool,
    /// The zone of times in text without one.
    pub zone: Zone,
}

impl ScanOptions {
    /// The number of worker threads, with 0 replaced by the number of cores.
    pub fn workers(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}
