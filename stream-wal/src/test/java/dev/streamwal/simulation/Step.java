package dev.streamwal.simulation;

/** Something that a workload does to a log. */
sealed interface Step {

    void on(WorkloadRun run);

    /** So many records, one by one, as durable as the stream is by itself: many make a segment mapped, or full. */
    record Append(String key, int count, int bytes) implements Step {
        @Override
        public void on(WorkloadRun run) {
            for (int i = 0; i < count; i++) {
                run.append(key, 1, bytes);
            }
        }
    }

    record AppendBatch(String key, int count, int bytes) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.append(key, count, bytes);
        }
    }

    /** So many records, one by one, each durable when its append returns. */
    record AppendDurably(String key, int count, int bytes) implements Step {
        @Override
        public void on(WorkloadRun run) {
            for (int i = 0; i < count; i++) {
                run.appendDurably(key, 1, bytes);
            }
        }
    }

    record AppendBatchDurably(String key, int count, int bytes) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.appendDurably(key, count, bytes);
        }
    }

    /** So many records to every stream, with one call, durable when it returns. */
    record AppendToAllDurably(int count, int bytes) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.appendToAllDurably(count, bytes);
        }
    }

    /** So many records, whose futures are complete when what a log's threads would do is done. */
    record AppendAsync(String key, int count, int bytes) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.appendAsync(key, count, bytes);
        }
    }

    record Sync(String key) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.sync(key);
        }
    }

    record SyncAll() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.syncAll();
        }
    }

    /** The next append of any stream begins a new segment. */
    record NextWindow() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.advance(WorkloadRun.WINDOW);
        }
    }

    /** A record that begins a new segment. */
    record Rotate(String key) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.advance(WorkloadRun.WINDOW);
            run.append(key, 1, 60);
        }
    }

    /** All that there is expires, but for what is appended from now on. */
    record Expire() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.advance(WorkloadRun.WINDOW.plus(WorkloadRun.RETENTION));
        }
    }

    record Sweep() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.sweep();
        }
    }

    /** All that there is expires, and is swept. */
    record ExpireAndSweep() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.advance(WorkloadRun.WINDOW.plus(WorkloadRun.RETENTION));
            run.sweep();
        }
    }

    /** What can be packed, however few segments there are. */
    record Pack() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.pack();
        }
    }

    /** Packs go to the tier whose windows were over a window ago. */
    record MoveToTier() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.moveToTier();
        }
    }

    /** Deletes all sealed segments. */
    record Purge(String key) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.purge(key);
        }
    }

    record Delete(String key) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.delete(key);
        }
    }

    /** Deletes all streams, together. */
    record DeleteAll() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.deleteAll();
        }
    }

    /** Erases the records of the present window, those of the windows before, or all. */
    record Erase(String key, Part part) implements Step {

        enum Part { NEWEST, OLDER, ALL }

        @Override
        public void on(WorkloadRun run) {
            run.erase(key, part);
        }
    }

    /** Cuts the last records off, so many at most, but for those of a batch of which others stay, and never all. */
    record Truncate(String key, int count) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.truncate(key, count);
        }
    }

    /** What a log's threads would do: seals, flushes, frees the journal's full files. */
    record Background() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.background();
        }
    }

    /** Of an encrypted log only. */
    record RotateKeys() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.rotateKeys();
        }
    }

    record Reopen() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.reopen();
        }
    }

    /** The process ends without closing the log, and another one opens it. */
    record Kill() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.kill();
        }
    }

    /** The machine crashes, and the log is opened on what is left by some choice. */
    record Restart(long choice) implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.restart(choice);
        }
    }
}
