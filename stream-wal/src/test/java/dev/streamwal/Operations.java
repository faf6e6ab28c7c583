package dev.streamwal;

import dev.streamwal.append.DelegatingStorage;
import dev.streamwal.append.DeletionLog;
import dev.streamwal.commit.Deletion;
import dev.streamwal.engine.Storages;
import dev.streamwal.format.StreamKey;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * What a log does to its files, and what it writes down of deletions, on the test's own thread and in the order in which it begins to; any
 * of it can be made to fail, on any thread.
 */
final class Operations {

    /** What is asked before an operation is done: it fails with what this throws. */
    @FunctionalInterface
    interface Before {
        void happens(String operation) throws IOException;
    }

    private final Thread here = Thread.currentThread();
    final List<String> all = Collections.synchronizedList(new ArrayList<>());
    /** Written down and not done yet. */
    final AtomicInteger kept = new AtomicInteger();
    volatile Before before = operation -> {};

    private void happens(String operation) throws IOException {
        if (Thread.currentThread().equals(here)) {
            all.add(operation);
        }
        before.happens(operation);
    }

    /** Those that begin with one of these words. */
    List<String> of(String... words) {
        synchronized (all) {
            return all.stream().filter(one -> List.of(words).contains(one.substring(0, one.indexOf(' ')))).toList();
        }
    }

    void failAt(String beginning) {
        before = operation -> {
            if (operation.startsWith(beginning)) {
                throw new IOException("injected: " + operation);
            }
        };
    }

    Storages storages(Storage wanted) {
        return new Storages(wanted.kind()) {
            @Override
            public SegmentStorage of(Path root) throws IOException {
                return new Recording(super.of(root));
            }
        };
    }

    DeletionLog deletions() {
        return new DeletionLog() {
            @Override
            public Deletion.Kept deletedBelow(List<Deletion.Below> streams) throws IOException {
                happens("deletedBelow " + streams.stream().map(one -> one.key() + "<" + one.position()).collect(Collectors.joining(" ")));
                return newKept();
            }

            @Override
            public Deletion.Kept truncated(StreamKey key, long from, long to) throws IOException {
                happens("truncated " + key + " " + from + " " + to);
                return newKept();
            }
        };
    }

    private Deletion.Kept newKept() {
        kept.incrementAndGet();
        return kept::decrementAndGet;
    }

    private static String nameOf(Path path) {
        return path.getFileName().toString();
    }

    private final class Recording extends DelegatingStorage {

        Recording(SegmentStorage storage) {
            super(storage);
        }

        @Override
        public boolean delete(Path path) throws IOException {
            happens("delete " + nameOf(path));
            return super.delete(path);
        }

        @Override
        public boolean deleteDirectoryIfEmpty(Path directory) throws IOException {
            happens("deleteDirectory " + nameOf(directory));
            return super.deleteDirectoryIfEmpty(directory);
        }

        @Override
        public void replace(Path temporary, Path name) throws IOException {
            happens("replace " + nameOf(name));
            super.replace(temporary, name);
        }

        @Override
        public void forceDirectory(Path directory) throws IOException {
            happens("forceDirectory " + nameOf(directory));
            super.forceDirectory(directory);
        }

        @Override
        protected SegmentFile wrap(SegmentFile file) {
            return new DelegatingFile(file) {
                @Override
                public void write(long offset, ByteBuffer... buffers) throws IOException {
                    happens("write " + nameOf(path()) + " " + offset);
                    super.write(offset, buffers);
                }

                @Override
                public void truncate(long length) throws IOException {
                    happens("truncate " + nameOf(path()) + " " + length);
                    super.truncate(length);
                }

                @Override
                public void force() throws IOException {
                    happens("force " + nameOf(path()));
                    super.force();
                }
            };
        }
    }
}
