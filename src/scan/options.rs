use crate::zone::Zone;

/// Options of a scan.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// Also read records in slack space.
    pub recover: bool,
    /// The zone of times in text that name none.
    pub zone: Zone,
}

impl ScanOptions {
    /// Most threads that will work.
    pub fn workers(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            asked => asked,
        }
    }
}
