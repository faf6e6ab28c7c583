package dev.streamwal.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.StreamKey;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.Frontier;
import dev.streamwal.journal.FrontierFile;
import dev.streamwal.journal.FrontierSegment;
import dev.streamwal.recovery.JournalledLog.Content;
import dev.streamwal.recovery.RedoneSegment.Kind;
import dev.streamwal.samples.JournalSamples;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentFiles;
import dev.streamwal.storage.ChannelStorage;
import dev.streamwal.storage.SegmentFile;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalRedoTest {

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private Path root;
    private JournalledLog log;
    private Content a;
    private Content b;

    @BeforeEach
    void makeLog() throws IOException {
        root = Files.createDirectory(memory.getPath("/log"));
        log = new JournalledLog(root);
        a = new Content("a", 0);
        b = new Content("b", 4_096);
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    private RedoResult redo(boolean trustsPageCache) throws IOException {
        return new JournalRedo(new ChannelStorage(), root, trustsPageCache, trustsPageCache, false).run();
    }

    private RedoResult skipping() throws IOException {
        return new JournalRedo(new ChannelStorage(), root, false, false, true).run();
    }

    private void assertNothingChangesAgain() throws IOException {
        Map<String, byte[]> before = JournalledLog.files(root);
        redo(false);
        assertThat(JournalledLog.files(root)).containsExactlyEntriesOf(before);
    }

    private int durable(RedoResult result, Content content) {
        SegmentHeader header = content.header;
        return result.durable().durableOffset(header.key(), header.basePosition(), header.salt()).orElse(-1);
    }

    @Test
    void run_withoutAJournal_doesNothing() throws IOException {
        Path other = Files.createDirectory(memory.getPath("/other"));
        RedoResult result = new JournalRedo(new ChannelStorage(), other, true, true, false).run();

        assertThat(result.frontier()).isEmpty();
        assertThat(result.end()).isEmpty();
        assertThat(JournalledLog.files(other)).isEmpty();
    }

    @Test
    void run_afterARestart_writesTheJournalsBytes() throws IOException {
        log.write(a.header, a.all());
        log.write(b.header, b.all());
        log.commit(a, 2);
        log.commit(b, 3);
        log.commit(a, 1);

        RedoResult result = redo(false);

        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(log.read(b.header)).isEqualTo(b.all());
        assertThat(result.segments()).containsExactly(
                new RedoneSegment(a.header, Kind.WRITTEN, a.end() - 104, 3),
                new RedoneSegment(b.header, Kind.WRITTEN, b.end() - 104, 3));
        assertThat(result.records()).isEqualTo(6);
        assertThat(result.bytes()).isEqualTo(a.end() + b.end() - 208L);
        assertThat(durable(result, a)).isEqualTo(a.end());
        assertThat(result.end().orElseThrow().nextSequence()).isEqualTo(4);
    }

    @Test
    void run_pageCacheIsTrusted_writesOnlyWhatIsNotThere() throws IOException {
        log.commit(a, 2);
        log.commit(b, 2);
        log.write(a.header, a.all());
        log.write(b.header, Arrays.copyOf(b.all(), b.end() - 40));
        FileTime old = FileTime.fromMillis(1_000);
        Files.setLastModifiedTime(log.path(a.header), old);

        RedoResult result = redo(true);

        assertThat(Files.getLastModifiedTime(log.path(a.header))).isEqualTo(old);
        assertThat(Files.readAllBytes(log.path(b.header))).isEqualTo(b.all());
        assertThat(result.segments()).extracting(RedoneSegment::bytes).satisfies(bytes -> {
            assertThat(bytes.get(0)).isZero();
            assertThat(bytes.get(1)).isPositive();
        });
        assertThat(durable(result, a)).isEqualTo(a.end());
        assertThat(durable(result, b)).isEqualTo(b.end());

        redo(false);
        assertThat(Files.getLastModifiedTime(log.path(a.header))).as("the disk may lack what the cache has").isNotEqualTo(old);
    }

    @Test
    void run_frontierAndJournal_theFurtherOneCounts() throws IOException {
        log.journal.frontier(1, List.of(new FrontierSegment(a.header.key(), 0, a.header.salt(), 400),
                new FrontierSegment(b.header.key(), 4_096, b.header.salt(), 104)));
        log.commit(a, 1);
        log.commit(b, 1);

        RedoResult result = redo(true);

        assertThat(durable(result, a)).isEqualTo(400);
        assertThat(durable(result, b)).isEqualTo(b.end());
        assertThat(result.durable().durableOffset(a.header.key(), 0, a.header.salt() + 1)).isEmpty();
        assertThat(result.durable().segments()).hasSize(2);
    }

    @Test
    void run_aMissingSegment_isMadeAnewWithoutTheMark() throws IOException {
        SegmentHeader h = a.header;
        SegmentHeader marked = new SegmentHeader(h.key(), h.window(),
                h.expirationMillis(), h.basePosition(), h.previousEnd(), h.incarnation(),
                h.salt(), h.createdMillis(), h.capacity(), 512, h.featureFlags());
        log.journal.bytes(marked, 104, a.append(2)).commit();
        Files.createDirectories(log.path(h).getParent());
        Files.write(log.path(h).resolveSibling('.' + "%016x".formatted(h.salt()) + ".seg.tmp"), new byte[3]);

        RedoResult result = redo(false);

        assertThat(log.read(h)).isEqualTo(a.all());
        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.CREATED);
        assertThat(JournalledLog.files(root.resolve("segments"))).hasSize(1);
    }

    @Test
    void run_aTornFirstPage_isRepairedWithItsHeader() throws IOException {
        log.commit(a, 5);
        byte[] torn = a.all();
        Arrays.fill(torn, 0, 150, (byte) 7);
        Arrays.fill(torn, 200, 208, (byte) 0);
        log.write(a.header, torn);

        RedoResult result = redo(false);

        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.HEADER_REPAIRED);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 50, 104, 110})
    void run_aSegmentCutShort_isWhole(int length) throws IOException {
        log.commit(a, 2);
        log.commit(a, 2);
        log.write(a.header, Arrays.copyOf(a.all(), length));

        redo(false);

        assertThat(log.read(a.header)).isEqualTo(a.all());
    }

    @Test
    void run_aGapInFrontOfTheJournalsBytes_isZero() throws IOException {
        a.append(3);
        int gap = a.end();
        log.commit(a, 1);
        log.write(a.header, Arrays.copyOf(a.all(), 120));

        redo(false);

        byte[] expected = a.all();
        Arrays.fill(expected, 120, gap, (byte) 0);
        assertThat(log.read(a.header)).isEqualTo(expected);
    }

    @Test
    void run_bytesBehindTheJournals_stay() throws IOException {
        log.commit(a, 2);
        int durable = a.end();
        a.append(4);
        log.write(a.header, a.all());

        RedoResult result = redo(false);

        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(durable(result, a)).isEqualTo(durable);
    }

    @Test
    void run_aSegmentWithAFooter_isLeftAlone() throws IOException {
        log.commit(a, 2);
        byte[] sealed = a.sealed();
        sealed[120] ^= 1;
        log.write(a.header, sealed);

        RedoResult result = redo(false);

        assertThat(log.read(a.header)).isEqualTo(sealed);
        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.FINISHED);
        assertThat(result.records()).isZero();
        assertThat(durable(result, a)).isEqualTo(-1);
    }

    @Test
    void run_aDamagedHeaderBeforeAFooter_isRepaired() throws IOException {
        log.commit(a, 2);
        byte[] sealed = a.sealed();
        sealed[40] ^= 1;
        log.write(a.header, sealed);

        redo(false);

        assertThat(log.read(a.header)).isEqualTo(a.sealed());
    }

    @Test
    void run_anotherSegmentsFile_isAnErrorAndLeftAlone() throws IOException {
        log.commit(a, 2);
        SegmentHeader other = JournalSamples.header("a", 0, 99);
        log.write(other, SegmentHeaderLayout.encode(other).array());

        assertThatThrownBy(() -> redo(false)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("salt=99")
                .hasMessageContaining("SKIP_BAD_RECORDS");
        RedoResult result = skipping();

        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.FOREIGN);
        assertThat(log.read(other)).isEqualTo(SegmentHeaderLayout.encode(other).array());
    }

    @Test
    void run_aSegmentOfALaterVersion_isUnsupported() throws IOException {
        log.commit(a, 2);
        SegmentHeader h = a.header;
        SegmentHeader later = new SegmentHeader(h.key(), h.window(),
                h.expirationMillis(), h.basePosition(), h.previousEnd(), h.incarnation(),
                h.salt(), h.createdMillis(), h.capacity(), 0, 1);
        log.write(h, SegmentHeaderLayout.encode(later).array());

        assertThatThrownBy(() -> redo(false)).isInstanceOf(UnsupportedFormatException.class);
        assertThatThrownBy(this::skipping).isInstanceOf(UnsupportedFormatException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_deletedSegments_stayDeletedWhateverTheOrder(boolean deletedFirst) throws IOException {
        Content second = new Content("a", 8_192);
        log.write(a.header, a.all());
        if (deletedFirst) {
            log.journal.deletedBelow("a", 8_192).commit();
        }
        log.commit(a, 2);
        log.commit(second, 1);
        if (!deletedFirst) {
            log.journal.deletedBelow("a", 4_096).deletedBelow("a", 8_192).deletedBelow("a", 1).commit();
        }

        RedoResult result = redo(false);

        assertThat(log.path(a.header)).doesNotExist();
        assertThat(log.read(second.header)).isEqualTo(second.all());
        assertThat(result.segments()).extracting(RedoneSegment::header).containsExactly(second.header);
        assertThat(result.durable().deletedBelow(StreamKey.of("a"))).hasValue(8_192);
        assertThat(result.durable().deletedBelow(StreamKey.of("b"))).isEmpty();
        assertThat(durable(result, a)).isEqualTo(-1);
        assertThat(durable(result, second)).isEqualTo(second.end());
        assertNothingChangesAgain();
    }

    /** A segment that continues the first stream's, as far as that goes. */
    private Content behind(Content before) {
        return new Content("a", before.header.positionAt(before.end()));
    }

    @Test
    void run_deletedWithoutARecord_isNotMadeAnewBeforeAGap() throws IOException {
        log.commit(a, 2);
        Content second = behind(a);
        log.commit(second, 1);
        Content third = behind(second);
        third.append(1);
        Content fourth = behind(third);
        log.write(fourth.header, fourth.sealed());

        RedoResult result = redo(false);

        assertThat(log.path(a.header)).doesNotExist();
        assertThat(log.path(second.header)).doesNotExist();
        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.DELETED, Kind.DELETED);
        assertThat(result.bytes()).isZero();
        assertThat(result.durable().segments()).isEmpty();
        assertNothingChangesAgain();
    }

    @Test
    void run_deletedWithoutARecord_isNotMadeAnewBeforeWhatTheJournalHasInPart() throws IOException {
        log.commit(a, 2);
        Content second = behind(a);
        second.append(1);
        log.commit(second, 1);
        Content third = behind(second);
        log.commit(third, 1);

        RedoResult result = redo(false);

        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.DELETED, Kind.DELETED, Kind.CREATED);
        assertThat(log.path(a.header)).doesNotExist();
        assertThat(log.path(second.header)).doesNotExist();
        assertThat(log.read(third.header)).isEqualTo(third.all());
    }

    @Test
    void run_missingBeforeADamagedBlock_isMadeAnew() throws IOException {
        log.commit(a, 2);
        int damaged = log.journal.offset() + 100;
        Content second = behind(a);
        log.commit(second, 1);
        Content third = behind(second);
        log.commit(third, 1);
        byte[] journal = Files.readAllBytes(log.journal.path(0));
        journal[damaged] ^= 1;
        Files.write(log.journal.path(0), journal);

        RedoResult result = skipping();

        assertThat(result.damages()).hasSize(1);
        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(log.path(second.header)).doesNotExist();
        assertThat(log.read(third.header)).isEqualTo(third.all());
    }

    @Test
    void run_missingBeforeASegmentThatContinuesIt_isMadeAnew() throws IOException {
        log.commit(a, 2);
        Content second = behind(a);
        log.commit(second, 1);
        Content third = behind(second);
        log.write(third.header, third.sealed());

        RedoResult result = redo(false);

        assertThat(result.segments()).extracting(RedoneSegment::kind).containsExactly(Kind.CREATED, Kind.CREATED);
        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(log.read(second.header)).isEqualTo(second.all());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_missingBeforeASegmentThatIsNotKnownToBeDurable_isMadeAnew(boolean isReadable) throws IOException {
        log.commit(a, 2);
        Content later = new Content("a", 8_192);
        later.append(1);
        log.write(later.header, isReadable ? later.all() : new byte[300]);

        redo(false);

        assertThat(log.read(a.header)).isEqualTo(a.all());
    }

    @Test
    void run_missingBeforeWhatTheJournalDeletedOrCut_isMadeAnew() throws IOException {
        log.commit(a, 2);
        Content cut = new Content("a", 8_192);
        log.commit(cut, 1);
        Content alsoCut = new Content("a", 16_384);
        log.write(alsoCut.header, alsoCut.sealed());
        log.journal.truncated("a", a.header.positionAt(a.end()), 1 << 20).commit();

        redo(false);

        assertThat(log.read(a.header)).endsWith(Arrays.copyOfRange(a.all(), 104, a.end()));
        assertThat(log.path(cut.header)).doesNotExist();
        assertThat(log.path(alsoCut.header)).doesNotExist();
    }

    @Test
    void run_theLastSegmentDeleted_takesTheDirectoryWithItAlsoWithoutARestart() throws IOException {
        log.write(a.header, a.all());
        log.write(b.header, b.all());
        log.commit(a, 1);
        log.journal.deletedBelow("a", 1).commit();

        redo(true);

        assertThat(log.path(a.header).getParent()).doesNotExist();
        assertThat(log.path(b.header)).exists();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_truncated_cutsBytesAndSegmentsWhateverTheOrder(boolean cutFirst) throws IOException {
        Content second = new Content("a", 8_192);
        Content third = new Content("a", 1 << 20);
        a.append(2);
        int from = a.end();
        a.append(2);
        long position = a.header.positionAt(from);
        log.write(a.header, a.all());
        log.write(second.header, second.all());
        if (cutFirst) {
            log.journal.truncated("a", position, 1 << 20).commit();
        }
        log.journal.bytes(a.header, 104, Arrays.copyOfRange(a.all(), 104, a.end())).commit();
        log.commit(second, 1);
        log.commit(third, 1);
        if (!cutFirst) {
            log.journal.truncated("a", position, 1 << 20).commit();
        }

        RedoResult result = redo(false);

        assertCut(from, false);
        assertThat(log.path(second.header)).doesNotExist();
        assertThat(log.read(third.header)).isEqualTo(third.all());
        assertThat(durable(result, a)).isEqualTo(from);
        assertThat(durable(result, second)).isEqualTo(-1);
        assertThat(durable(result, third)).isEqualTo(third.end());
        assertThat(result.durable().deletedFrom()).containsExactly(StreamKey.of("a"));
        assertThat(result.cuts()).containsExactly(new RedoResult.Cut(StreamKey.of("a"), position, 1 << 20));
        assertNothingChangesAgain();
    }

    @Test
    void run_truncatedInAFinishedSegment_givesItAnotherFooter() throws IOException {
        a.append(2);
        int from = a.end();
        a.append(3);
        log.write(a.header, a.sealed());
        log.journal.truncated("a", a.header.positionAt(from), 1 << 20).commit();

        redo(false);

        assertCut(from, true);
    }

    /** Of the first stream's segment what stands before an offset is left; its header says that it was cut. */
    private void assertCut(int from, boolean withFooter) throws IOException {
        byte[] file = log.read(a.header);
        int start = a.header.headerLength();
        assertThat(Arrays.copyOfRange(file, start, from)).isEqualTo(Arrays.copyOfRange(a.all(), start, from));
        SegmentFile opened = new ChannelStorage().open(log.path(a.header));
        try {
            SegmentHeader header = SegmentFiles.readHeader(opened, log.path(a.header), a.header.key(), a.header.name());
            assertThat(header.isCut()).isTrue();
            assertThat(header.mark()).isLessThan(from);
            SegmentEnd end = SegmentEnd.read(opened, header);
            assertThat(end.isFinal()).isEqualTo(withFooter);
            assertThat(end.offset()).isEqualTo(from);
        } finally {
            opened.close();
        }
    }

    @Test
    void run_truncatedAndFinishedSince_keepsTheFooter() throws IOException {
        a.append(2);
        log.write(a.header, a.sealed());
        log.journal.truncated("a", a.header.positionAt(a.end()), 1 << 20).commit();

        redo(false);

        assertCut(a.end(), true);
        assertNothingChangesAgain();
    }

    @Test
    void run_truncatedBeforeTheMark_takesTheMarkAway() throws IOException {
        a.append(1);
        int from = a.end();
        a.append(3);
        byte[] marked = a.all();
        marked[SegmentHeaderLayout.MARK + 1] = 2;
        log.write(a.header, marked);
        log.journal.truncated("a", a.header.positionAt(from), 1 << 20).commit();

        redo(true);

        assertCut(from, false);
    }

    @Test
    void run_manySmallBlocksOfFewSegments_opensEachSegmentOnce() throws IOException {
        log.write(a.header, a.all());
        log.write(b.header, b.all());
        log.journal.file(0, 4_096);
        for (int i = 0; i < 100; i++) {
            log.commit(a, 1);
            log.commit(b, 1);
        }
        FailingStorage storage = new FailingStorage(0);

        new JournalRedo(storage, root, false, false, false).run();

        assertThat(storage.opens()).isEqualTo(2);
        assertThat(storage.changes()).isEqualTo(2);
        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(log.read(b.header)).isEqualTo(b.all());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 100, 200, 1_000})
    void run_withLittleMemory_givesTheSame(int gatheredBytes) throws IOException {
        for (int i = 0; i < 10; i++) {
            log.commit(a, i % 3 + 1);
            log.commit(b, 1);
        }

        RedoResult result = new JournalRedo(new ChannelStorage(), root, false, false, false, new Quarantine(new ChannelStorage(), root), gatheredBytes).run();

        assertThat(log.read(a.header)).isEqualTo(a.all());
        assertThat(log.read(b.header)).isEqualTo(b.all());
        assertThat(result.records()).isEqualTo(29);
        assertThat(result.bytes()).isEqualTo(a.end() + b.end() - 208L);
    }

    @Test
    void run_cutShortAtAnyChange_isRightTheNextTime() throws IOException {
        Content second = new Content("a", 8_192);
        Content c = new Content("c", 0);
        Content lost = new Content("lost", 0);
        log.write(a.header, a.all());
        log.commit(a, 2);
        log.write(b.header, Arrays.copyOf(b.all(), 60));
        log.commit(b, 2);
        log.commit(second, 2);
        log.commit(lost, 2);
        c.append(2);
        int from = c.end();
        log.commit(c, 3);
        log.write(c.header, c.sealed());
        log.journal.deletedBelow("a", 8_192).truncated("c", c.header.positionAt(from), 1 << 20).commit();
        Map<String, byte[]> before = JournalledLog.files(root);
        redo(false);
        Map<String, byte[]> after = JournalledLog.files(root);
        redo(false);
        assertThat(JournalledLog.files(root)).containsExactlyEntriesOf(after);

        int failing = 0;
        boolean cutShort = true;
        while (cutShort) {
            JournalledLog.restore(root, before);
            FailingStorage storage = new FailingStorage(++failing);
            try {
                new JournalRedo(storage, root, false, false, false, new Quarantine(new ChannelStorage(), root), 200).run();
                cutShort = false;
            } catch (FailingStorage.CutShort e) {
                redo(false);
            }
            assertThat(JournalledLog.files(root)).as("failing=%d", failing).containsExactlyEntriesOf(after);
        }
        assertThat(failing).isGreaterThan(15);
    }

    @Test
    void run_aDamagedBlock_stopsOrIsSkippedWithACopyMadeOnce() throws IOException {
        log.write(a.header, a.all());
        log.commit(a, 1);
        int good = a.end();
        log.commit(a, 1);
        int bad = log.journal.offset();
        log.commit(a, 1);
        log.commit(b, 1);
        byte[] spoiled = Files.readAllBytes(log.journal.path(0));
        spoiled[bad + 40] ^= 1;
        Files.write(log.journal.path(0), spoiled);
        Map<String, byte[]> before = JournalledLog.files(root);

        assertThatThrownBy(() -> redo(false)).isInstanceOfSatisfying(CorruptSegmentException.class, e -> {
            assertThat(e.offset()).isEqualTo(bad);
            assertThat(e).hasMessageContaining("SKIP_BAD_RECORDS").hasMessageContaining("00000000.journal").hasMessageContaining("block 3");
        });
        assertThat(JournalledLog.files(root)).containsExactlyEntriesOf(before);

        RedoResult result = skipping();
        skipping();

        assertThat(result.damages()).hasSize(1);
        assertThat(JournalledLog.files(root.resolve("quarantine")).values()).singleElement().isEqualTo(spoiled);
        assertThat(log.read(b.header)).isEqualTo(b.all());
        assertThat(log.read(a.header)).hasSizeGreaterThan(good).isEqualTo(Arrays.copyOf(a.all(), log.read(a.header).length));
    }

    @Test
    void run_noRoomInTheQuarantine_stopsWithoutChanges() throws IOException {
        log.commit(a, 1);
        log.commit(a, 1);
        byte[] spoiled = Files.readAllBytes(log.journal.path(0));
        spoiled[40] ^= 1;
        Files.write(log.journal.path(0), spoiled);

        assertThatThrownBy(() -> new JournalRedo(new ChannelStorage(), root, false, false, true, new Quarantine(new ChannelStorage(), root, 4_095),
                1_000).run())
                .isInstanceOf(CorruptSegmentException.class).hasMessageContaining("quarantine");
        assertThat(log.path(a.header)).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_theFrontierDamagedOrLost_stopsOrGoesOnWithoutTheJournal(boolean lost) throws IOException {
        log.commit(a, 1);
        if (lost) {
            Files.delete(FrontierFile.path(root));
        } else {
            Files.write(FrontierFile.path(root), new byte[100]);
        }

        assertThatThrownBy(() -> redo(false)).isInstanceOf(CorruptSegmentException.class).hasMessageContaining("SKIP_BAD_RECORDS");
        RedoResult result = skipping();

        assertThat(result.frontier()).isEmpty();
        assertThat(result.damages()).hasSize(1);
        assertThat(JournalledLog.files(root.resolve("quarantine"))).hasSize(lost ? 1 : 2);
        assertThat(log.path(a.header)).doesNotExist();
    }

    @Test
    void run_lastBlock_isWrittenAgainAsItIs() throws IOException {
        log.write(a.header, a.all());
        log.commit(a, 1);
        log.commit(a, 1);
        FileTime old = FileTime.fromMillis(1_000);
        byte[] before = Files.readAllBytes(log.journal.path(0));
        Files.setLastModifiedTime(log.journal.path(0), old);

        redo(true);

        assertThat(Files.getLastModifiedTime(log.journal.path(0))).isNotEqualTo(old);
        assertThat(Files.readAllBytes(log.journal.path(0))).isEqualTo(before);
    }

    @Test
    void run_byAnInterruptedThread_isDoneAndKeepsTheInterrupt(@TempDir Path disk) throws IOException {
        root = disk;
        log = new JournalledLog(disk);
        log.commit(a, 2);
        log.commit(b, 2);

        Thread.currentThread().interrupt();
        RedoResult result = redo(false);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(result.records()).isEqualTo(4);
        assertThat(log.read(a.header)).isEqualTo(a.all());
    }

    @Test
    void run_aFrontierBehindAllBlocks_writesNothing() throws IOException {
        log.commit(a, 1);
        log.write(a.header, a.all());
        Frontier frontier = FrontierFile.load(root).orElseThrow();
        FrontierFile.write(root, new Frontier(frontier.journalId(), 2, List.of(
                new FrontierSegment(a.header.key(), 0, a.header.salt(), a.end()))));

        RedoResult result = redo(false);

        assertThat(result.segments()).isEmpty();
        assertThat(durable(result, a)).isEqualTo(a.end());
        assertThat(result.end().orElseThrow().nextSequence()).isEqualTo(2);
    }
}
