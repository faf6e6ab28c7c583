package dev.streamwal.ratis.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamOptions;
import dev.streamwal.WriteEntry;
import dev.streamwal.io.DirectoryTree;
import dev.streamwal.ratis.repair.HeldImages.Held;
import dev.streamwal.ratis.shard.ShardFolder.Image;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.EndDiffers;
import dev.streamwal.ratis.wire.AppendAnswer.Forgotten;
import dev.streamwal.ratis.wire.AppendAnswer.Part;
import dev.streamwal.ratis.wire.AppendAnswer.Refused;
import dev.streamwal.ratis.wire.AppendAnswer.TooEarly;
import dev.streamwal.ratis.wire.Command;
import dev.streamwal.ratis.wire.Command.Tick;
import dev.streamwal.ratis.wire.Page.SentRecord;
import dev.streamwal.ratis.wire.StreamAppend;
import dev.streamwal.reader.EntryRef;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A shard to which entries are applied by hand: what is answered, when images are made, and what is there after each way of starting. */
class ShardTest {

    private static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();
    private static final long START_MILLIS = 500_000 * HOUR_MILLIS;
    private static final long STEP = ShardState.BEGINNINGS_APART_BYTES;
    private static final ImageRule RULE = new ImageRule(1_000, 1 << 20, HOUR_MILLIS);

    @TempDir
    private Path root;

    private final ImageTimes times = new ImageTimes();
    private ShardFolder folder;
    private Shard shard;
    private ImageRule rule = RULE;
    private long index;

    @BeforeEach
    void open() throws IOException {
        folder = new ShardFolder(root);
        folder.clean();
        shard = opened();
    }

    private Shard opened() throws IOException {
        return Shard.open(folder, options -> options.window(Duration.ofHours(1)).retention(Duration.ofHours(2)).segmentBytes(4 << 20).maxRecordBytes(600_000)
                .streams("long/*", StreamOptions.builder().retention(Duration.ofHours(9)).build()), rule, times);
    }

    @AfterEach
    void close() {
        shard.close();
    }

    private void restart() throws IOException {
        shard.close();
        open();
    }

    private byte[] apply(long millis, Command command) throws IOException {
        return shard.apply(1, index++, millis, command);
    }

    private Part append(long millis, String key, WriteEntry... entries) throws IOException {
        return append(millis, key, StreamAppend.ANY_END, entries);
    }

    private Part append(long millis, String key, long expectedEnd, WriteEntry... entries) throws IOException {
        byte[] answer = apply(millis, new Command.Append("p", index, List.of(new StreamAppend(key, expectedEnd, List.of(entries)))));
        return AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer))).streams().get(0);
    }

    private static WriteEntry entry(String text) {
        return WriteEntry.of(text.getBytes(UTF_8));
    }

    private static Appended at(long position) {
        return new Appended(position, List.of());
    }

    private List<String> texts(String key) {
        try (ShardReader reader = new ShardReader(folder.wal())) {
            return reader.scan(key, 0, 1_000).records().stream().map(each -> new String(each.content(), UTF_8)).toList();
        }
    }

    private List<String> images() throws IOException {
        try (Stream<Path> all = Files.list(root.resolve("images"))) {
            return all.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    // ---------------------------------------------------------------- answers

    @Test
    void apply_ofAppends_answersWhereTheFirstStands_andTheOthersFollow() throws IOException {
        assertThat(append(START_MILLIS, "a", entry("x"), entry("y"))).isEqualTo(at(0));
        int size = EntryRef.sizeOf(0, 1);
        assertThat(append(START_MILLIS, "a", entry("z"))).isEqualTo(at(2L * size));
        assertThat(shard.endOf("a")).isEqualTo(3L * size);
        assertThat(texts("a")).containsExactly("x", "y", "z");
    }

    @Test
    void apply_ofRecordsThatCantBe_refusesThese_andAppendsTheOthersWithoutAGap() throws IOException {
        WriteEntry late = WriteEntry.of(new byte[1], START_MILLIS - 4 * HOUR_MILLIS);
        WriteEntry large = WriteEntry.of(new byte[ShardLog.MAX_FRAME_BYTES - 31]);
        Part answer = append(START_MILLIS, "a", late, entry("x"), large, WriteEntry.of(new byte[70_000], new byte[1], START_MILLIS), entry("y"));
        assertThat(answer).isInstanceOf(Appended.class);
        Appended appended = (Appended) answer;
        assertThat(appended.position()).isZero();
        assertThat(appended.refused()).extracting(Refused::record).containsExactly(0, 2, 3);
        assertThat(appended.refused().get(0).reason()).contains("record's window has expired");
        assertThat(appended.refused().get(1).reason()).contains("too large to be replicated");
        assertThat(texts("a")).containsExactly("x", "y");
        assertThat(shard.endOf("a")).isEqualTo(2L * EntryRef.sizeOf(0, 1));
    }

    @Test
    void apply_ofTheLargestRecord_putsItIntoASharedSegment() throws IOException {
        assertThat(append(START_MILLIS, "a", WriteEntry.of(new byte[ShardLog.MAX_FRAME_BYTES - 32]))).isEqualTo(at(0));
        assertThat(append(START_MILLIS, "a", entry("x"))).isEqualTo(at(ShardLog.MAX_FRAME_BYTES));
        try (Stream<Path> folders = Files.list(folder.wal().resolve("segments"))) {
            assertThat(folders).as("the shared stream's").hasSize(1);
        }
    }

    @Test
    void apply_ofKeyThatIsNone_refusesTheRecord() throws IOException {
        Part answer = append(START_MILLIS, "", entry("x"));
        assertThat(((Appended) answer).refused()).hasSize(1);
    }

    @Test
    void apply_withExpectedEnd_appendsOnlyThere() throws IOException {
        assertThat(append(START_MILLIS, "a", 8, entry("x"))).isEqualTo(new EndDiffers(0));
        assertThat(append(START_MILLIS, "a", 0, entry("x"))).isEqualTo(at(0));
        assertThat(append(START_MILLIS, "a", 0, entry("y"))).isEqualTo(new EndDiffers(EntryRef.sizeOf(0, 1)));
        assertThat(texts("a")).containsExactly("x");
    }

    @Test
    void apply_ofTheSameCommandAgain_answersTheSame_andAppendsNothing() throws IOException {
        Command.Append append = new Command.Append("p", 7, List.of(new StreamAppend("a", StreamAppend.ANY_END, List.of(entry("x")))));
        byte[] first = apply(START_MILLIS, append);
        append(START_MILLIS, "a", entry("y"));
        assertThat(apply(START_MILLIS, append)).isEqualTo(first);
        assertThat(texts("a")).containsExactly("x", "y");
    }

    private Part once(long millis, long sequence, String key, WriteEntry entry) throws IOException {
        byte[] answer = apply(millis,
                new Command.Append("producer gateway\0" + key, sequence, List.of(new StreamAppend(key, StreamAppend.ANY_END, List.of(entry)))));
        return AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer))).streams().get(0);
    }

    /** A gateway sends a reading of each of its meters, and then doesn't know whether it did. */
    @Test
    void apply_ofTheSameSequenceAgain_appendsOnce_howeverManyOthersCameBetween_alsoOverAnImageAndAStart() throws IOException {
        rule = new ImageRule(1_000_000, 1 << 30, HOUR_MILLIS);
        restart();
        int meters = Producers.MAX_ANSWERS + Producers.MAX_PRODUCERS + 1;
        assertThat(once(START_MILLIS, 7, "meter/0", entry("reading 7"))).isEqualTo(at(0));
        for (int i = 1; i < meters; i++) {
            once(START_MILLIS, 7, "meter/" + i, entry("reading 7"));
        }
        assertThat(once(START_MILLIS, 7, "meter/0", entry("reading 7"))).as("where it stands").isEqualTo(at(0));
        assertThat(once(START_MILLIS, 6, "meter/0", entry("reading 6"))).as("it is late").isEqualTo(new Forgotten());
        assertThat(texts("meter/0")).containsExactly("reading 7");
        append(START_MILLIS + HOUR_MILLIS, "another", entry("x"));
        assertThat(images()).hasSize(1);
        restart();
        index = shard.state().appliedIndex() + 1;
        assertThat(once(START_MILLIS + HOUR_MILLIS, 7, "meter/0", entry("reading 7"))).isEqualTo(at(0));
        assertThat(once(START_MILLIS + HOUR_MILLIS, 7, "meter/" + (meters - 1), entry("reading 7"))).isInstanceOf(Appended.class);
        assertThat(once(START_MILLIS + HOUR_MILLIS, 8, "meter/0", entry("reading 8"))).isInstanceOf(Appended.class);
        assertThat(texts("meter/0")).containsExactly("reading 7", "reading 8");
        assertThat(texts("meter/" + (meters - 1))).containsExactly("reading 7");
    }

    /** What is known of a producer goes with its record; that can't be appended once more with its own time then. */
    @Test
    void apply_ofTheSameSequenceAgain_whenTheRecordHasExpired_refusesIt_orTakesItForANewOne() throws IOException {
        WriteEntry dated = WriteEntry.of(new byte[] {'d'}, START_MILLIS + HOUR_MILLIS / 2);
        assertThat(once(START_MILLIS, 7, "dated", dated)).isEqualTo(at(0));
        assertThat(once(START_MILLIS, 7, "undated", entry("u"))).isEqualTo(at(0));
        for (int i = 0; i < Producers.MAX_ANSWERS; i++) {
            append(START_MILLIS, "others", entry("x"));
        }
        for (int minutes = 0; minutes <= 4 * 60 + 30; minutes += 10) {
            long now = START_MILLIS + minutes * HOUR_MILLIS / 60;
            apply(now, Tick.UNSTAMPED);
            Part again = once(now, 7, "dated", dated);
            assertThat(again).as(minutes + " min").satisfiesAnyOf(part -> assertThat(part).isEqualTo(at(0)),
                    part -> assertThat(((Appended) part).refused()).hasSize(1));
            if (minutes < 2 * 60) {
                assertThat(once(now, 7, "undated", entry("u"))).isEqualTo(at(0));
            }
        }
        apply(START_MILLIS + 6 * HOUR_MILLIS, Tick.UNSTAMPED);
        assertThat(shard.state().producers().reached()).isZero();
        assertThat(shard.endOf("dated")).isZero();
        assertThat(once(START_MILLIS + 6 * HOUR_MILLIS, 7, "undated", entry("u"))).as("another record").isInstanceOf(Appended.class).isNotEqualTo(at(0));
    }

    private Part inOrder(long sequence, long after, String text) throws IOException {
        byte[] answer = apply(START_MILLIS,
                new Command.Append("client", sequence, after, List.of(new StreamAppend("a", StreamAppend.ANY_END, List.of(entry(text))))));
        return AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer))).streams().get(0);
    }

    @Test
    void apply_ofCommandsInOrder_refusesWhatIsTooEarly_andWhatWasOvertaken() throws IOException {
        assertThat(inOrder(1, 0, "second")).isEqualTo(new TooEarly());
        assertThat(inOrder(0, Command.Append.NONE, "first")).isInstanceOf(Appended.class);
        assertThat(inOrder(2, 1, "third")).isEqualTo(new TooEarly());
        assertThat(inOrder(1, Command.Append.NONE, "second")).isInstanceOf(Appended.class);
        assertThat(inOrder(4, Command.Append.NONE, "fifth")).as("the third and the fourth were given up").isInstanceOf(Appended.class);
        assertThat(inOrder(2, 1, "third")).isEqualTo(new Forgotten());
        assertThat(inOrder(1, 0, "second")).as("what it was answered").isInstanceOf(Appended.class);
        assertThat(texts("a")).containsExactly("first", "second", "fifth");
    }

    // ---------------------------------------------------------------- images

    @Test
    void apply_afterAnHour_makesAnImageBeforeTheEntry_andGoesOnBehindIt() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        append(START_MILLIS + HOUR_MILLIS - 1, "a", entry("y"));
        assertThat(images()).isEmpty();
        assertThat(append(START_MILLIS + HOUR_MILLIS, "a", entry("z"))).isEqualTo(at(STEP));
        assertThat(images()).containsExactly("1-1");
        assertThat(texts("a")).containsExactly("x", "y", "z");
        assertThat(append(START_MILLIS + HOUR_MILLIS, "b", entry("z"))).isEqualTo(at(STEP));
        append(START_MILLIS + 2 * HOUR_MILLIS, "b", entry("z"));
        assertThat(images()).as("the one before is deleted").containsExactly("1-3");
        assertThat(times.images()).isEqualTo(2);
    }

    @Test
    void apply_afterManyBytes_makesAnImage() throws IOException {
        for (int i = 0; i < 5; i++) {
            append(START_MILLIS, "a", WriteEntry.of(new byte[300_000]));
        }
        assertThat(images()).containsExactly("1-3");
    }

    @Test
    void makingImages_deletesWhatHasExpired_andStreamsComeAgain() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        append(START_MILLIS, "long/a", entry("x"));
        append(START_MILLIS + 4 * HOUR_MILLIS, "b", entry("y"));
        assertThat(shard.endOf("a")).isZero();
        assertThat(shard.endOf("long/a")).isPositive();
        assertThat(texts("a")).isEmpty();
        assertThat(append(START_MILLIS + 4 * HOUR_MILLIS, "a", 0, entry("z"))).isEqualTo(at(STEP));
        assertThat(texts("a")).containsExactly("z");
        assertThat(texts("long/a")).containsExactly("x");
    }

    @Test
    void read_whileTheLogIsClosedAndOpenedAnew_goesOn() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        try (ShardReader reader = new ShardReader(folder.wal())) {
            append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
            assertThat(reader.scan("a", 0, 10).records()).extracting(SentRecord::position).containsExactly(0L, STEP);
            assertThat(reader.latest("a").records()).extracting(SentRecord::position).containsExactly(STEP);
        }
    }

    // ---------------------------------------------------------------- starting

    @Test
    void open_beginsWithTheNewestImage_andWhatWasAppendedSinceIsAppliedAgain() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        Part atHour = append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        Part last = append(START_MILLIS + HOUR_MILLIS + 1, "b", entry("z"));
        restart();
        assertThat(texts("a")).as("as of the image").containsExactly("x");
        assertThat(shard.newestImage().orElseThrow().index()).isZero();
        index = 0;
        append(START_MILLIS, "a", entry("x"));
        assertThat(texts("a")).as("passed over").containsExactly("x");
        assertThat(append(START_MILLIS + HOUR_MILLIS, "a", entry("y"))).isEqualTo(atHour);
        assertThat(append(START_MILLIS + HOUR_MILLIS + 1, "b", entry("z"))).isEqualTo(last);
        assertThat(texts("a")).containsExactly("x", "y");
        assertThat(images()).containsExactly("1-0");
    }

    @Test
    void open_withoutImage_beginsWithNothing_whateverTheLiveLogHas() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        restart();
        assertThat(texts("a")).isEmpty();
        assertThat(shard.newestImage()).isEmpty();
    }

    private void appendAndMakeImage() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        shard.close();
    }

    @Test
    void open_withWhatIsLeftOfAnImage_passesOverIt() throws IOException {
        appendAndMakeImage();
        Files.createDirectories(root.resolve("images/new/wal"));
        Files.writeString(root.resolve("images/new/state"), "half of it");
        Files.createDirectories(root.resolve("images/fetched"));
        open();
        assertThat(texts("a")).containsExactly("x");
        assertThat(images()).containsExactly("1-0");
    }

    @Test
    void open_withTwoImages_beginsWithTheNewer_andDeletesTheOther() throws IOException {
        appendAndMakeImage();
        Path newer = root.resolve("images/1-1");
        Path older = root.resolve("images/1-0");
        open();
        index = 1;
        append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        Path kept = root.resolve("kept");
        Files.move(older, kept);
        append(START_MILLIS + 2 * HOUR_MILLIS, "a", entry("z"));
        shard.close();
        Files.move(kept, older);
        assertThat(newer).exists();
        open();
        assertThat(images()).containsExactly("1-1");
        assertThat(texts("a")).containsExactly("x", "y");
    }

    @Test
    void open_ofDamagedImages_saysWhatIsWrong() throws IOException {
        appendAndMakeImage();
        Path state = root.resolve("images/1-0/state");
        byte[] good = Files.readAllBytes(state);
        byte[] changed = good.clone();
        changed[good.length / 2] ^= 1;
        Files.write(state, changed);
        assertThatThrownBy(this::opened).isInstanceOf(DamagedImageException.class).hasMessageContaining("state of a shard is damaged");
        Files.delete(state);
        assertThatThrownBy(this::opened).isInstanceOf(DamagedImageException.class).hasMessageContaining("image has no state of its shard");
        Files.write(state, good);
        Files.delete(root.resolve("images/1-0/wal/positions"));
        assertThatThrownBy(this::opened).isInstanceOf(DamagedImageException.class).hasMessageContaining("positions");
    }

    @Test
    void adoptFetched_takesThePlaceOfAllImages_alsoNewerOnes() throws IOException {
        appendAndMakeImage();
        Path peers = root.resolve("peer");
        Files.move(root.resolve("images/1-0"), peers);
        open();
        index = 0;
        append(START_MILLIS, "a", entry("another"));
        append(START_MILLIS, "a", entry("another"));
        append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        shard.close();
        assertThat(images()).containsExactly("1-1");
        folder.wantRepair("why");
        Files.move(peers, folder.fetched());
        assertThat(folder.isRepairWanted()).isTrue();
        folder.adoptFetched();
        assertThat(images()).containsExactly("1-0");
        assertThat(folder.isRepairWanted()).isFalse();
        open();
        assertThat(texts("a")).containsExactly("x");
    }

    /** Each state that {@link ShardFolder#adoptFetched} may leave, where this replica's own image is of the same entry, and where it is of a later one. */
    @ParameterizedTest
    @ValueSource(strings = {"1-0", "1-7"})
    void adoptFetched_cutShortAnywhere_isFinishedAtTheNextStart_orNothingOfItIsThere(String own) throws IOException {
        appendAndMakeImage();
        Path fetched = root.resolve("kept");
        Files.move(root.resolve("images/1-0"), fetched);
        for (String at : List.of("before", "renamed", "half deleted", "deleted", "mark deleted")) {
            Path image = root.resolve("images").resolve(own);
            Files.createDirectories(image.resolve(ShardFolder.WAL));
            Files.writeString(image.resolve("state"), "this replica's");
            folder.wantRepair("why");
            Path adopted = root.resolve("images").resolve(at.equals("before") ? "fetched" : "adopted-1-0");
            copy(fetched, adopted);
            if (at.equals("half deleted")) {
                Files.delete(image.resolve("state"));
            } else if (at.contains(" deleted") || at.equals("deleted")) {
                DirectoryTree.delete(image);
            }
            if (at.equals("mark deleted")) {
                Files.delete(root.resolve("damaged"));
            }
            folder.clean();
            boolean isBefore = at.equals("before");
            assertThat(images()).as(at).containsExactly(isBefore ? own : "1-0");
            assertThat(folder.isRepairWanted()).as(at).isEqualTo(isBefore);
            if (isBefore) {
                assertThat(image.resolve("state")).hasContent("this replica's");
            } else {
                shard = opened();
                assertThat(texts("a")).as(at).containsExactly("x");
                shard.close();
            }
            DirectoryTree.delete(root.resolve("images/1-0"));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each).toString()));
            }
        }
    }

    /** The mark can't be deleted, as it is a folder with something in it. */
    @Test
    void adoptFetched_thatFails_isFinishedAtTheNextStart() throws IOException {
        appendAndMakeImage();
        Files.move(root.resolve("images/1-0"), folder.fetched());
        Path mark = root.resolve("damaged");
        Files.createDirectories(mark.resolve("in the way"));
        assertThatThrownBy(() -> folder.adoptFetched()).isInstanceOf(IOException.class);
        assertThat(images()).containsExactly("adopted-1-0");
        DirectoryTree.delete(mark);
        open();
        assertThat(images()).containsExactly("1-0");
        assertThat(texts("a")).containsExactly("x");
    }

    @Test
    void hold_keepsAnImage_untilItIsReleased() throws IOException {
        assertThatThrownBy(() -> folder.hold()).isInstanceOf(IOException.class).hasMessageContaining("no image yet");
        append(START_MILLIS, "a", entry("x"));
        append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        Held held = folder.hold();
        assertThat(held.index()).isZero();
        append(START_MILLIS + 2 * HOUR_MILLIS, "a", entry("z"));
        assertThat(images()).containsExactly("1-0", "1-1");
        folder.release(held);
        append(START_MILLIS + 3 * HOUR_MILLIS, "a", entry("z"));
        assertThat(images()).containsExactly("1-2");
    }

    @Test
    void imagesNeverChange() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        Image image = shard.newestImage().orElseThrow();
        List<String> before = files(image.folder());
        shard.log().pack();
        shard.log().sweep(Instant.ofEpochMilli(START_MILLIS + 9 * HOUR_MILLIS));
        restart();
        append(START_MILLIS + HOUR_MILLIS, "a", entry("y"));
        shard.log().pack();
        assertThat(files(image.folder())).isEqualTo(before);
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).sorted().map(path -> {
                try {
                    return path + " " + Arrays.hashCode(Files.readAllBytes(path)) + " " + Files.getLastModifiedTime(path);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }).toList();
        }
    }

    // ---------------------------------------------------------------- differences

    /** What the design avoids: a sweep between two images, which the other replicas don't make, or which finds something else there. */
    @Test
    void apply_behindASweepOfItsOwn_isADivergence_beforeAnythingIsAnswered() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        shard.log().pack();
        append(START_MILLIS + HOUR_MILLIS, "b", entry("y"));
        shard.log().pack();
        shard.log().sweep(Instant.ofEpochMilli(START_MILLIS + 9 * HOUR_MILLIS));
        assertThatThrownBy(() -> append(START_MILLIS + HOUR_MILLIS, "c", entry("z"))).isInstanceOf(DivergenceException.class)
                .hasMessageContaining("position=" + 2 * STEP).hasMessageContaining("expected=" + STEP).hasMessageContaining("key=c");
    }

    @Test
    void apply_ofATick_comparesWithTheLeader() throws IOException {
        append(START_MILLIS, "a", entry("x"));
        apply(START_MILLIS, Tick.UNSTAMPED);
        Tick mine = shard.lastTick();
        assertThat(mine.before()).isEqualTo(1);
        append(START_MILLIS, "a", entry("x"));
        apply(START_MILLIS, mine);
        apply(START_MILLIS, mine);
        Tick now = shard.lastTick();
        assertThatThrownBy(() -> apply(START_MILLIS, new Tick(now.before(), now.digest() + 1))).isInstanceOf(DivergenceException.class)
                .hasMessageContaining("other positions than the leader");
    }
}
