package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.backup.BackupFolder;
import dev.streamwal.backup.BackupReport;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.TierUnavailableException;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.ManifestFile;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.reader.EntryTail;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
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
        return super.options().tier(tier).tierAfter(AFTER);
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

    // ---------------------------------------------------------------- deletion

    private static byte[] content(Path object) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(object, StandardOpenOption.READ)) {
            ByteBuffer all = ByteBuffer.allocate((int) channel.size());
            while (all.hasRemaining() && channel.read(all) >= 0) {
                // the rest
            }
            return all.array();
        }
    }

    private byte[] inTier(String name) {
        try {
            return content(tier.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names of objects that have some bytes. */
    private List<String> objectsWith(byte[] content) {
        String wanted = new String(content, StandardCharsets.ISO_8859_1);
        return inTier().stream().filter(name -> new String(inTier(name), StandardCharsets.ISO_8859_1).contains(wanted)).toList();
    }

    /** Records of one stream that say who they are, among those of others, in packs that stay as they are. */
    private void appendSecret(StreamWal wal, byte[] secret, Map<String, List<Written>> written) {
        for (int window = 0; window < 4; window++) {
            long position = wal.stream("secret").append(secret).position();
            assertThat(position).isNotNegative();
            append(wal, 1, written);
        }
        assertThat(wal.moveToTier()).isPositive();
        assertThat(objectsWith(secret)).isNotEmpty();
    }

    private static final byte[] SECRET = bytes("a secret that is to be forgotten, and is long enough not to be there by chance");

    @Test
    void erase_whatIsInTheTier_isInNoObjectWhenItReturns() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(options().compression(Compression.NONE))) {
            appendSecret(wal, SECRET, written);
            ErasureReport report = wal.erase(Keys.key("secret"), Instant.MIN, Instant.MAX);
            assertThat(report.records()).isEqualTo(4);
            assertThat(objectsWith(SECRET)).isEmpty();
            written.forEach((key, records) -> Written.assertHolds(closing(wal.reader()), key, records));
            assertThat(wal.moveToTier()).as("the packs without the records go there again").isPositive();
            assertThat(objectsWith(SECRET)).isEmpty();
            written.forEach((key, records) -> Written.assertHolds(reader(), key, records));
            assertThat(Written.drain(reader().scan("secret"))).isEmpty();
        }
    }

    @Test
    void delete_aStreamInTheTier_isGoneAtOnceAndItsObjectsWithTheLast() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(options().compression(Compression.NONE))) {
            appendSecret(wal, SECRET, written);
            assertThat(wal.delete("secret")).isTrue();
            assertHolds(wal, written);
            int unused = wal.moveToTier();
            try (WalReader alone = WalReader.openTier(tier)) {
                assertThat(alone.keys()).isEqualTo(written.keySet());
                assertThat(Written.drain(alone.scan("secret"))).isEmpty();
            }
            // its bytes stand beside those of others, as in packs in the log's directory; erasing removes them
            assertThat(objectsWith(SECRET)).isNotEmpty();
            ErasureReport report = wal.erase(Keys.key("secret"), Instant.MIN, Instant.MAX);
            assertThat(report.records()).isZero();
            assertThat(objectsWith(SECRET)).isEmpty();
            unused = wal.moveToTier();
            assertThat(packsInTier()).isNotEmpty();
            for (String key : List.copyOf(written.keySet())) {
                assertThat(wal.delete(key)).isTrue();
                written.remove(key);
            }
            // packs in which nothing counts go when the log packs
            unused = wal.pack();
            unused = wal.moveToTier();
            assertThat(packsInTier()).isEmpty();
            assertThat(here(".table")).isEmpty();
        }
    }

    @Test
    void purge_whatIsInTheTier_isGoneThere() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open()) {
            append(wal, 5, written);
            assertThat(wal.moveToTier()).isPositive();
            Instant before = Instant.ofEpochMilli(NOW).plus(WINDOW.multipliedBy(2));
            assertThat(wal.purge(Keys.all(), before).deletedSegments()).isPositive();
            written.values().forEach(records -> records.removeIf(record -> record.timestampMillis() < before.toEpochMilli()));
            assertHolds(wal, written);
            assertThat(wal.sweep().failedSegments()).isZero();
            int unused = wal.moveToTier();
            assertThat(packsInTier()).hasSize(wal.stats().tieredPacks());
            assertHolds(wal, written);
        }
    }

    @Test
    void truncate_inTheTier_cutsAndGoesOn() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open()) {
            append(wal, 4, written);
            assertThat(wal.moveToTier()).isPositive();
            List<Written> records = written.get(key(2));
            wal.stream(key(2)).truncateAfter(records.get(1).ref());
            records.subList(2, records.size()).clear();
            assertHolds(wal, written);
            records.addAll(appendSome(wal.stream(key(2)), 3));
            int unused = wal.moveToTier();
            assertHolds(wal, written);
        }
        try (StreamWal wal = open()) {
            assertHolds(wal, written);
        }
    }

    // ---------------------------------------------------------------- copies

    /** A copy has no tier, and needs none. */
    private void assertIsWhole(Path copy, Map<String, List<Written>> expected) throws IOException {
        assertThat(ManifestFile.read(copy).tier()).isEmpty();
        assertThat(names(PackFiles.directory(copy)).stream().filter(name -> name.endsWith(".table"))).isEmpty();
        try (WalReader reader = WalReader.open(copy)) {
            assertThat(reader.keys()).isEqualTo(expected.keySet());
            expected.forEach((key, records) -> Written.assertHolds(reader, key, records));
        }
        try (StreamWal wal = StreamWal.open(copy, super.options().ownSegments(0).build()); WalReader reader = wal.reader()) {
            expected.forEach((key, records) -> Written.assertHolds(reader, key, records));
            assertThat(wal.stats().tieredPacks()).isZero();
            // where the original's tier is, there is none for the copy
            Map<String, List<Written>> more = new LinkedHashMap<>();
            append(wal, 1, more);
        }
        List<String> before = inTier();
        try (StreamWal wal = StreamWal.open(copy, options().build())) {
            assertThatThrownBy(wal::moveToTier).isInstanceOf(TierUnavailableException.class).hasMessageContaining("belongs to another log");
        }
        assertThat(inTier()).isEqualTo(before);
    }

    /** Without a writer, only a log of this boot can be copied. */
    private StreamWal openInThisBoot() {
        return closing(StreamWal.open(root, options().build()));
    }

    @Test
    void checkpoint_withPacksInTheTier_hasThemInItsDirectory() throws IOException {
        expectFailures();
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = openInThisBoot()) {
            append(wal, 5, written);
            assertThat(wal.moveToTier()).isPositive();
            wal.checkpoint(home.place("by-writer"));
            try (WalReader reader = WalReader.open(root, ReaderOptions.builder().tier(tier).build())) {
                reader.checkpoint(home.place("by-reader"));
            }
            assertHolds(wal, written);
        }
        assertIsWhole(home.place("by-writer"), written);
        assertIsWhole(home.place("by-reader"), written);
    }

    @Test
    void checkpoint_withoutTheTier_isRefusedAndNoLog() {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open()) {
            append(wal, 4, written);
            assertThat(wal.moveToTier()).isPositive();
        }
        try (StreamWal wal = open(super.options().ownSegments(0))) {
            Path target = home.place("none");
            assertThatThrownBy(() -> wal.checkpoint(target)).isInstanceOf(TierUnavailableException.class).hasMessageContaining("WalOptions.tier");
            assertThat(target.resolve("segments")).doesNotExist();
        }
    }

    @Test
    void backUpAndRestore_withPacksInTheTier_isAWholeLog() throws IOException {
        expectFailures();
        Map<String, List<Written>> written = new LinkedHashMap<>();
        BackupFolder backups = BackupFolder.at(home.place("backups"), clock).withTier(tier);
        try (StreamWal wal = openInThisBoot()) {
            append(wal, 3, written);
            BackupReport before = backups.backUp(root);
            assertThat(before.copiedFiles()).isPositive();
            clock.advance(WINDOW.multipliedBy(3));
            assertThat(wal.moveToTier()).isPositive();
            BackupReport moved = backups.backUpAndVerify(root);
            assertThat(moved.presentFiles()).as("packs that were copied before they moved are the same").isGreaterThanOrEqualTo(wal.stats().tieredPacks());
            append(wal, 3, written);
            int unused = wal.moveToTier();
            BackupReport last = backups.backUp(root);
            assertThat(backups.verify()).isEmpty();
            backups.restore(last.point(), home.place("restored"));
        }
        assertIsWhole(home.place("restored"), written);
    }

    // ---------------------------------------------------------------- the tier alone

    /** What of the records is in packs that have moved. */
    private Map<String, List<Written>> moved(Map<String, List<Written>> written) throws IOException {
        Manifest manifest = ManifestFile.read(root);
        long end = manifest.packsInOrder().stream().filter(manifest::isInTier).mapToLong(pack -> pack.window().endMillis()).max().orElse(0);
        Map<String, List<Written>> moved = new LinkedHashMap<>();
        written.forEach((key, records) -> moved.put(key, records.stream().filter(record -> record.timestampMillis() < end).toList()));
        return moved;
    }

    @Test
    void openTier_withoutTheLog_hasAllThatHasMoved() throws IOException {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        Map<String, List<Written>> moved;
        try (StreamWal wal = open()) {
            append(wal, 5, written);
            assertThat(wal.moveToTier()).isPositive();
            moved = moved(written);
        }
        Path away = home.place("away");
        Files.move(root, away);
        try (WalReader alone = WalReader.openTier(tier)) {
            assertThat(alone.keys()).isEqualTo(moved.keySet());
            moved.forEach((key, records) -> Written.assertHolds(alone, key, records));
            assertThat(alone.describe(key(1)).orElseThrow().endPosition()).isEqualTo(moved.get(key(1)).get(moved.get(key(1)).size() - 1).ref().end());
            List<Written> followed = new ArrayList<>();
            try (EntryTail tail = alone.follow(key(3), ReadFrom.first())) {
                while (tail.next(Duration.ZERO)) {
                    followed.add(Written.of(tail.ref(), tail.timestampMillis(), ByteBufUtil.getBytes(tail.content())));
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertThat(followed).isEqualTo(moved.get(key(3)));
            assertThatThrownBy(() -> alone.checkpoint(home.place("copy"))).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> alone.consumer("c", Keys.all())).isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("only its tier is open: tier=");
            assertThat(root).doesNotExist();
        }
        Files.move(away, root);
    }

    @Test
    void openTier_ofALiveLog_seesWhatMovesAndWhatGoes() throws IOException {
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open()) {
            append(wal, 4, written);
            assertThat(wal.moveToTier()).isPositive();
            try (WalReader before = WalReader.openTier(tier)) {
                moved(written).forEach((key, records) -> Written.assertHolds(before, key, records));
                assertThat(wal.erase(Keys.key(key(0)), Instant.MIN, Instant.MAX).records()).isPositive();
                written.get(key(0)).clear();
                append(wal, 2, written);
                assertThat(wal.moveToTier()).isPositive();
                // what was erased was rewritten: the objects that the reader knew are gone, and it looks again
                for (int stream = 1; stream < STREAMS; stream++) {
                    List<Written> found = Written.drain(before.scan(key(stream)));
                    assertThat(written.get(key(stream))).startsWith(found.toArray(Written[]::new));
                    assertThat(found).isNotEmpty();
                }
                try (WalReader after = WalReader.openTier(tier)) {
                    moved(written).forEach((key, records) -> Written.assertHolds(after, key, records));
                }
            }
        }
    }

    @Test
    void openTier_encrypted_needsTheKeysOfTheLog() throws IOException {
        MasterKeys masters = MasterKeysForTests.ring("a");
        Map<String, List<Written>> written = new LinkedHashMap<>();
        try (StreamWal wal = open(options().encryption(masters))) {
            append(wal, 4, written);
            assertThat(wal.moveToTier()).isPositive();
            Map<String, List<Written>> moved = moved(written);
            try (WalReader alone = WalReader.openTier(tier, ReaderOptions.builder().keys(masters).build())) {
                moved.forEach((key, records) -> Written.assertHolds(alone, key, records));
            }
            try (WalReader alone = WalReader.openTier(tier)) {
                assertThatThrownBy(() -> Written.drain(alone.scan(key(1)))).isInstanceOf(KeyUnavailableException.class);
            }
        }
    }

    @Test
    void openTier_folderThatIsNone_isRefused() {
        assertThatThrownBy(() -> WalReader.openTier(tier)).isInstanceOf(TierUnavailableException.class).hasMessageContaining("not a log's tier");
    }

    /** Nothing is moved where nothing is old, and then the tier is nobody's. */
    @Test
    void openTier_withNothingInIt_isEmpty() {
        try (StreamWal wal = open()) {
            Map<String, List<Written>> written = new LinkedHashMap<>();
            append(wal, 5, written);
            assertThat(wal.moveToTier()).isPositive();
            written.keySet().forEach(wal::delete);
            int unused = wal.pack() + wal.moveToTier();
            assertThat(packsInTier()).isEmpty();
            try (WalReader alone = WalReader.openTier(tier)) {
                assertThat(alone.keys()).isEmpty();
            }
        }
    }
}
