package dev.streamwal.reader;

import dev.streamwal.catalog.ListedSegments;
import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.SegmentCatalog;
import dev.streamwal.consumer.Committed;
import dev.streamwal.consumer.ConsumedStreams;
import dev.streamwal.consumer.ConsumerCursor;
import dev.streamwal.consumer.CursorFiles;
import dev.streamwal.consumer.CursorReader;
import dev.streamwal.consumer.CursorSettings;
import dev.streamwal.consumer.CursorWriter;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.error.ConsumerInUseException;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.CursorHeader;
import dev.streamwal.format.CursorLayout;
import dev.streamwal.format.KeyScope;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.FileFunction;
import dev.streamwal.io.FileOperation;
import dev.streamwal.io.LeftOpen;
import dev.streamwal.io.ProcessLock;
import dev.streamwal.walk.StreamExtent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The consumers of a log. Thread-safe. */
final class Consumers {

    private final LogSource log;
    private final LogKeys keys;

    Consumers(LogSource log, LogKeys keys) {
        this.log = log;
        this.keys = keys;
    }

    // ---------------------------------------------------------------- listing and removing

    NavigableSet<String> names() {
        NavigableSet<String> names = new TreeSet<>();
        for (Path file : onCursors("listing consumers", null, () -> CursorFiles.list(log.root()))) {
            try {
                names.add(read(file).header().map(header -> header.name().text()).orElse(""));
            } catch (CorruptSegmentException | UnsupportedFormatException e) {
                // the file's name tells the consumer's name, unless that is very long; asking for that consumer throws this
                CursorFiles.name(file).ifPresent(name -> names.add(name.text()));
            }
        }
        names.remove("");
        return names;
    }

    private CursorReader read(Path file) {
        return onCursors("reading a cursor", file, () -> {
            CursorReader reader = new CursorReader(file);
            boolean unused = reader.refresh();
            return reader;
        });
    }

    Optional<ConsumerInfo> describe(StreamKey name) {
        CursorReader reader = read(CursorFiles.cursor(log.root(), name));
        return reader.header().map(header -> info(header, reader.commits()));
    }

    private static ConsumerInfo info(CursorHeader header, Map<String, Committed> commits) {
        NavigableMap<String, Long> positions = new TreeMap<>();
        commits.forEach((key, committed) -> positions.put(key, committed.position()));
        OptionalLong last = commits.values().stream().mapToLong(Committed::atMillis).max();
        return new ConsumerInfo(header.name().text(), new Keys(header.scope()),
                Collections.unmodifiableNavigableMap(positions), last);
    }

    boolean remove(StreamKey name) {
        Path file = CursorFiles.cursor(log.root(), name);
        return onCursors("removing a consumer", file, () -> {
            try {
                return CursorWriter.remove(log.root(), name);
            } catch (ProcessLock.HeldException e) {
                throw inUse(name, file, e);
            }
        });
    }

    private static ConsumerInUseException inUse(StreamKey name, Path file, ProcessLock.HeldException e) {
        return new ConsumerInUseException("consumer is open " + e.with("consumer=" + name + ", file=" + file)
                + "; " + e.advice() + ", or use another name", file, e);
    }

    private <T> T onCursors(String action, @Nullable Path file, FileOperation<T> operation) {
        log.checkOpen();
        try {
            return operation.run();
        } catch (IOException e) {
            throw log.failure(action, e, file == null ? CursorFiles.directory(log.root()) : file, null, WalException.NO_POSITION);
        }
    }

    // ---------------------------------------------------------------- opening one

    WalConsumer open(StreamKey name, KeyScope scope) {
        CursorLayout.checkFits(scope);
        Path file = CursorFiles.cursor(log.root(), name);
        return onCursors("opening a consumer", file, () -> {
            ConsumerCursor cursor = cursor(name, scope, file);
            try {
                WalConsumer consumer = new WalConsumer(log, keys, name, scope, cursor);
                findLost(scope, cursor, consumer.lostRanges(), consumer.possiblyLostRanges());
                return consumer;
            } catch (IOException | RuntimeException e) {
                LeftOpen.close(cursor::close, e);
                throw e;
            }
        });
    }

    /** Opens the cursor; read-only if nothing can be written. */
    private ConsumerCursor cursor(StreamKey name, KeyScope scope, Path file) throws IOException {
        try {
            CursorSettings settings = new CursorSettings(new SecureRandom()::nextLong, log.settings().clock());
            return ConsumerCursor.of(CursorWriter.open(log.root(), name, scope, settings, new InScope(scope)));
        } catch (ProcessLock.HeldException e) {
            throw inUse(name, file, e);
        } catch (IOException e) {
            WalReader.checkDirectory(log.root(), "a log");
            if (mayWrite()) {
                throw e;
            }
            CursorReader reader = read(file);
            reader.header().ifPresent(header -> CursorWriter.checkScope(header, scope, file));
            return ConsumerCursor.readOnly(reader, e);
        }
    }

    private boolean mayWrite() {
        Path directory = CursorFiles.directory(log.root());
        return Files.isWritable(Files.isDirectory(directory) ? directory : log.root());
    }

    /** The streams that a consumer reads. A new consumer begins with the records that are there. */
    private final class InScope implements ConsumedStreams {

        private final KeyScope scope;

        InScope(KeyScope scope) {
            this.scope = scope;
        }

        @Override
        public long start() throws IOException {
            return log.start();
        }

        @Override
        public Set<String> keys() throws IOException {
            return log.keys(scope);
        }

        @Override
        public Set<String> gone(Collection<String> some) throws IOException {
            return log.gone(some);
        }

        @Override
        public Map<String, Long> begin(Collection<String> some, long start) throws IOException {
            Map<String, Long> beginnings = new HashMap<>();
            FileFunction<String, SegmentCatalog> catalogs = log.catalogs(some);
            for (String key : some) {
                SegmentCatalog catalog = catalogs.apply(key);
                ListedSegments chain = catalog.chain();
                if (chain.size() > 0) {
                    boolean isLost = new StreamExtent(log, catalog).beforeFirst(start).filter(StreamExtent.Before::isKnown)
                            .filter(before -> start < before.previousEnd()).isPresent();
                    beginnings.put(key, isLost ? start : chain.get(0).basePosition());
                }
            }
            return beginnings;
        }
    }

    // ---------------------------------------------------------------- lost records

    private void findLost(KeyScope scope, ConsumerCursor cursor, LostRanges lost, LostRanges possiblyLost) throws IOException {
        if (!cursor.knowsStart()) {
            return;
        }
        Map<String, Long> committed = cursor.positions();
        Set<String> there = log.keys(scope);
        FileFunction<String, SegmentCatalog> catalogs = log.catalogs(there);
        for (String key : there) {
            Long position = committed.get(key);
            long from = position == null ? cursor.start() : position;
            Optional<StreamExtent.Before> before = new StreamExtent(log, catalogs.apply(key)).beforeFirst(from);
            if (before.isPresent() && from < before.get().previousEnd()) {
                if (before.get().isKnown()) {
                    lost.add(key, from, before.get().previousEnd());
                } else if (position != null) {
                    possiblyLost.add(key, from, before.get().previousEnd());
                }
            }
        }
    }

    // ---------------------------------------------------------------- how far one is

    List<ConsumerLag> lags(StreamKey name) {
        CursorReader reader = read(CursorFiles.cursor(log.root(), name));
        return reader.header().isEmpty() ? List.of() : onCursors("measuring a consumer's lag", reader.file(), () -> {
            CursorHeader header = reader.header().orElseThrow();
            List<ConsumerLag> lags = new ArrayList<>();
            Set<String> there = log.keys(header.scope());
            FileFunction<String, SegmentCatalog> catalogs = log.catalogs(there);
            for (String key : there) {
                lag(catalogs.apply(key), header.start(), reader.commits().get(key)).ifPresent(lags::add);
            }
            return List.copyOf(lags);
        });
    }

    /** Empty if the stream was deleted. */
    private Optional<ConsumerLag> lag(SegmentCatalog catalog, long start, @Nullable Committed committed) throws IOException {
        String key = catalog.key().text();
        ListedSegments chain = catalog.chain();
        if (chain.size() == 0) {
            return Optional.empty();
        }
        StreamExtent extent = new StreamExtent(log, catalog);
        long first = chain.get(0).basePosition();
        long from = committed == null ? start : committed.position();
        Optional<LostRange> lost = extent.beforeFirst(from)
                .filter(before -> before.isKnown() && from < before.previousEnd())
                .map(before -> new LostRange(key, from, before.previousEnd()));
        long shown = committed == null ? first : from;
        return Optional.of(new ConsumerLag(key, shown, extent.end().orElse(first), extent.bytesFrom(from), lost));
    }
}
