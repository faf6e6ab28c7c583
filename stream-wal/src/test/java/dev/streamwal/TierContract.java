package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Packs that are in a tier are written, read, swept, deleted, cut, erased and copied as if they were in the log's directory. */
abstract class TierContract extends LogContract {

    static final Duration AFTER = WINDOW.multipliedBy(2);
    private static final int STREAMS = 6;

    final Path tier;

    TierContract(LogHome home, Function<LogHome, Path> tier) {
        super(home);
        this.tier = tier.apply(home);
    }

    @Override
    WalOptions.Builder options() {
        return super.options().ownSegments(0).tier(tier).tierAfter(AFTER);
    }

    @Override
    WalReader reader() {
        return closing(WalReader.open(root, ReaderOptions.builder().tier(tier).build()));
    }

    /** The names of what is in the tier. */
    List<String> inTier() {
        return names(tier);
    }

    private static List<String> names(Path folder) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Collections.sort(names);
        return names;
    }

    List<String> packsInTier() {
        return inTier().stream().filter(name -> name.endsWith(".pack")).toList();
    }

    List<String> here(String suffix) {
        return names(PackFiles.directory(root)).stream().filter(name -> name.endsWith(suffix)).toList();
    }

    static String key(int stream) {
        return "meter/" + stream;
    }

    /** So many windows with a few records of each stream; what is over is packed. */
    void append(StreamWal wal, int windows, Map<String, List<Written>> written) {
        for (int window = 0; window < windows; window++) {
            for (int stream = 0; stream < STREAMS; stream++) {
                written.computeIfAbsent(key(stream), key -> new ArrayList<>()).addAll(appendSome(wal.stream(key(stream)), 2 + stream, 300));
            }
            clock.advance(WINDOW);
            int unused = wal.pack();
        }
    }

    void assertHolds(StreamWal wal, Map<String, List<Written>> expected) {
        try (WalReader within = wal.reader(); WalReader without = WalReader.open(root, ReaderOptions.builder().tier(tier).build())) {
            for (WalReader reader : List.of(within, without)) {
                assertThat(reader.keys()).isEqualTo(expected.keySet());
                expected.forEach((key, records) -> Written.assertHolds(reader, key, records));
            }
        }
    }

    @Test
    void moveToTier_packsThatAreOld_areThereAndReadInEveryWay() throws IOException {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open()) {
            append(wal, 5, written);
            List<String> before = here(".pack");
            assertThat(before).hasSizeGreaterThan(3);

            int moved = wal.moveToTier();

            assertThat(moved).isPositive();
            assertThat(packsInTier()).hasSize(moved);
            assertThat(here(".pack")).hasSize(before.size() - moved).isNotEmpty();
            assertThat(here(".table")).hasSize(moved);
            assertThat(ManifestFile.read(root).objects()).hasSize(moved);
            assertThat(wal.stats().tieredPacks()).isEqualTo(moved);
            assertThat(wal.stats().tieredBytes()).isPositive();
            assertThat(wal.stats().packs()).isEqualTo(before.size());
            assertHolds(wal, written);
            assertThat(wal.moveToTier()).as("there is no more").isZero();
            assertThat(heard().failures).isEmpty();
        }
        try (StreamWal wal = open()) {
            assertHolds(wal, written);
            append(wal, 2, written);
            assertThat(wal.moveToTier()).isPositive();
            assertHolds(wal, written);
        }
    }

    @Test
    void sweep_whatExpiresInTheTier_isDeletedThere() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open()) {
            append(wal, 6, written);
            int moved = wal.moveToTier();
            assertThat(moved).isPositive();
            clock.advance(RETENTION.minus(WINDOW.multipliedBy(3)));
            SweepResult swept = wal.sweep();
            assertThat(swept.deletedSegments()).isPositive();
            assertThat(swept.failedSegments()).isZero();
            assertThat(here(".table")).as("tables of what has expired").hasSizeLessThan(moved);
            int unused = wal.moveToTier();
            assertThat(packsInTier()).hasSize(wal.stats().tieredPacks());
            written.forEach((key, records) -> records.removeIf(record -> record.timestampMillis() <= clock.millis() - RETENTION.toMillis() - WINDOW.toMillis()));
            assertHolds(wal, written);
            clock.advance(RETENTION.plus(WINDOW.multipliedBy(2)));
            assertThat(wal.sweep().deletedSegments()).isPositive();
            unused = wal.moveToTier();
            assertThat(packsInTier()).isEmpty();
            assertThat(here(".table")).isEmpty();
            assertThat(wal.keys()).isEmpty();
        }
    }

    /** Without the option there is no new file, and no other format. */
    @Test
    void withoutTier_nothingIsDifferent() throws IOException {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(super.options().ownSegments(0))) {
            append(wal, 5, written);
            assertThat(wal.stats().tieredPacks()).isZero();
        }
        assertThat(inTier()).isEmpty();
        assertThat(here(".table")).isEmpty();
        assertThat(Files.readAllBytes(ManifestFile.path(root))[7]).isEqualTo((byte) '1');
        assertThat(ManifestFile.read(root).tier()).isEmpty();
    }
}
