package dev.streamwal.simulation;

/** Something that a workload does to a log. */
sealed interface Step {

    void on(WorkloadRun run);

    /** So many records, one by one: many make a segment mapped, or full. */
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

    /** The next append of any stream begins a new segment. */
    record NextWindow() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.advance(WorkloadRun.WINDOW);
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

    /** What a log's threads would do. */
    record Background() implements Step {
        @Override
        public void on(WorkloadRun run) {
            run.background();
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
}
