//! What waits for the writer: in two lanes, so that someone who saves one thing does not wait behind an import.

use crate::writer::Job;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

/// Which lane a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Someone waits for it.
    Prompt,
    /// It is large; others go first. No more than one goes into a group of commits, so that whoever comes meanwhile
    /// waits for one at most.
    Large,
}

/// The jobs that wait. Ends when it is closed and empty.
#[derive(Default)]
pub(crate) struct Queue {
    jobs: Mutex<Jobs>,
    more: Condvar,
}

#[derive(Default)]
struct Jobs {
    prompt: VecDeque<Job>,
    large: VecDeque<Job>,
    /// No more will come.
    closed: bool,
    /// No more is taken in: the writer has ended.
    ended: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().expect("no thread panics with the queue locked")
    }

    /// Puts a job at the end of its lane. False when the writer has ended.
    pub fn put(&self, job: Job, lane: Lane) -> bool {
        let mut jobs = self.lock();
        if jobs.ended {
            return false;
        }
        match lane {
            Lane::Prompt => jobs.prompt.push_back(job),
            Lane::Large => jobs.large.push_back(job),
        }
        self.more.notify_one();
        true
    }

    /// The first job of a group, waiting for one. Nothing when no more will come.
    pub fn wait(&self) -> Option<(Job, Lane)> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.prompt.pop_front() {
                return Some((job, Lane::Prompt));
            }
            if let Some(job) = jobs.large.pop_front() {
                return Some((job, Lane::Large));
            }
            if jobs.closed {
                return None;
            }
            jobs = self.more.wait(jobs).expect("no thread panics with the queue locked");
        }
    }

    /// Another job for a group, if one waits; a large one only if the group has none.
    pub fn another(&self, has_large: bool) -> Option<(Job, Lane)> {
        let mut jobs = self.lock();
        let prompt = jobs.prompt.pop_front().map(|job| (job, Lane::Prompt));
        prompt.or_else(|| jobs.large.pop_front_if(|_| !has_large).map(|job| (job, Lane::Large)))
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        let jobs = self.lock();
        jobs.prompt.len() + jobs.large.len()
    }

    /// No more will come.
    pub fn close(&self) {
        self.lock().closed = true;
        self.more.notify_all();
    }

    /// The writer has ended; what waits is dropped, which tells those who asked.
    pub fn end(&self) {
        let mut jobs = self.lock();
        jobs.ended = true;
        let left = (std::mem::take(&mut jobs.prompt), std::mem::take(&mut jobs.large));
        drop(jobs);
        drop(left);
    }
}
