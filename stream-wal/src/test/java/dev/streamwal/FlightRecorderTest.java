package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.engine.ListenerThread;
import dev.streamwal.events.LogEvent;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.WalConsumer;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.Configuration;
import jdk.jfr.EventType;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each event is recorded where it happens, with its fields; the page and the settings name all of them, and no other. */
class FlightRecorderTest {

    private static final Instant NOW = Instant.parse("2026-05-01T00:00:00Z");
    private static final Duration WINDOW = Duration.ofMinutes(10);
    private static final Path REPOSITORY = Path.of(System.getProperty("basedir", ".")).resolve("..");
    private static final Path EVENTS = REPOSITORY.resolve("stream-wal-reader/src/main/java/dev/streamwal/events");
    private static final Path PAGE = REPOSITORY.resolve("docs/flight-recorder.md");
    private static final Path SETTINGS = REPOSITORY.resolve("docs/stream-wal.jfc");

    /** What the JDK adds to every event. */
    private static final List<String> OF_ALL_EVENTS = List.of("startTime", "duration", "eventThread", "stackTrace");

    @TempDir
    private Path directory;

    private final AtomicReference<Instant> time = new AtomicReference<>(NOW);

    private interface Action {
        void run() throws Exception;
    }

    private List<RecordedEvent> recorded(Action action) throws Exception {
        Path file = directory.resolve("recorded.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.streamwal.AppendStall").withoutThreshold();
            recording.start();
            action.run();
            recording.stop();
            recording.dump(file);
        }
        try {
            return RecordingFile.readAllEvents(file);
        } finally {
            Files.delete(file);
        }
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream().filter(event -> event.getEventType().getName().equals("dev.streamwal." + name)).toList();
    }

    private static RecordedEvent one(List<RecordedEvent> events, String name) {
        assertThat(named(events, name)).as(name).hasSize(1);
        return named(events, name).get(0);
    }

    private WalOptions.Builder options() {
        return WalOptions.builder().clock(time::get).window(WINDOW).retention(Duration.ofHours(1)).sweepInterval(Duration.ZERO);
    }

    private Path root() {
        return directory.resolve("log");
    }

    private StreamWal open(WalOptions.Builder options) {
        return StreamWal.open(root(), options.build());
    }

    private void nextWindow() {
        time.updateAndGet(now -> now.plus(WINDOW));
    }

    private static byte[] content(int bytes) {
        return new byte[bytes];
    }

    /** A class of an event that is loaded takes 0.15 s of a program that has just started. */
    @Test
    void log_inAProgramThatRecordsNothing_loadsNoEvent_andOneThatBeginsToRecordHasThem() throws Exception {
        Path classes = directory.resolve("classes");
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        List<String> flags = List.of("-Xlog:class+load=info:file=" + classes);
        assertThat(ChildJvm.run(ChildJvm.of(flags, Program.class, root().toString(), "no"), output, errors)).as(Files.readString(errors)).isZero();
        assertThat(events(classes)).isEmpty();
        assertThat(ChildJvm.run(ChildJvm.of(flags, Program.class, root().toString(), "yes"), output, errors)).as(Files.readString(errors)).isZero();
        assertThat(events(classes)).contains("SweepEvent");
        assertThat(Files.readAllLines(output)).containsExactly("recorded");
    }

    private static List<String> events(Path classes) throws IOException {
        List<String> lines = Files.readAllLines(classes);
        assertThat(lines).anyMatch(line -> line.contains("dev.streamwal.StreamWal "));
        Pattern loaded = Pattern.compile(" dev\\.streamwal\\.events\\.(\\w+Event) ");
        return lines.stream().map(loaded::matcher).filter(Matcher::find).map(found -> found.group(1)).toList();
    }

    /** Opens a log, appends in some windows, consumes, packs, lets all expire; then the same again, recorded where it is asked for. */
    static final class Program {

        private Program() {}

        public static void main(String[] args) throws IOException {
            AtomicReference<Instant> now = new AtomicReference<>(NOW);
            WalOptions options = WalOptions.builder().clock(now::get).window(WINDOW).retention(Duration.ofHours(1)).sweepInterval(Duration.ZERO).build();
            try (StreamWal wal = StreamWal.open(Path.of(args[0]), options)) {
                work(wal, now);
                if (args[1].equals("yes")) {
                    Path file = Path.of(args[0]).resolveSibling("late.jfr");
                    try (Recording recording = new Recording()) {
                        recording.start();
                        work(wal, now);
                        recording.stop();
                        recording.dump(file);
                    }
                    System.out.println(named(RecordingFile.readAllEvents(file), "Sweep").isEmpty() ? "nothing" : "recorded");
                }
            }
        }

        private static void work(StreamWal wal, AtomicReference<Instant> now) {
            for (int i = 0; i < 3; i++) {
                wal.stream("k").append(content(100));
                wal.sync();
                now.updateAndGet(before -> before.plus(WINDOW));
            }
            long end = wal.stream("k").append(content(100)).end();
            try (WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("c", Keys.key("k"))) {
                consumer.commit(Map.of("k", end));
            }
            wal.pack();
            now.updateAndGet(before -> before.plus(Duration.ofHours(3)));
            assertThat(wal.sweep().deletedSegments()).isPositive();
        }
    }

    private Path segment(String key) throws IOException {
        try (Stream<Path> files = Files.walk(root().resolve("segments"))) {
            return files.filter(file -> file.toString().endsWith(".seg") && file.getParent().getFileName().toString().equals(key)).sorted()
                    .findFirst().orElseThrow();
        }
    }

    @Test
    void durableAppend_isAFlushOfTheJournal() throws Exception {
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options())) {
                wal.stream("s").append(WriteEntry.of(content(1_000)), Durability.IMMEDIATE);
            }
        });
        RecordedEvent flush = named(events, "Flush").stream().filter(event -> event.getString("cause").equals("commit")).findFirst().orElseThrow();
        assertThat(flush.getLong("bytes")).isBetween(1_000L, 10_000L);
        assertThat(Path.of(flush.getString("file")).getParent()).isEqualTo(root().resolve("commit"));
        assertThat(flush.getDuration()).isPositive();
    }

    @Test
    void nextWindow_rotatesAndSeals() throws Exception {
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options())) {
                wal.stream("s").append(content(100));
                nextWindow();
                wal.stream("s").append(content(100));
            }
        });
        assertThat(named(events, "SegmentRotate")).hasSize(2).allSatisfy(event -> assertThat(event.getString("stream")).isEqualTo("s"));
        RecordedEvent first = named(events, "SegmentRotate").get(0);
        RecordedEvent second = named(events, "SegmentRotate").get(1);
        assertThat(first.getString("previousFile")).isNull();
        assertThat(second.getString("previousFile")).isEqualTo(first.getString("file"));
        assertThat(second.getString("file")).isEqualTo(segmentAfter(Path.of(first.getString("file"))));

        RecordedEvent sealed = one(events, "SegmentSeal");
        assertThat(sealed.getString("stream")).isEqualTo("s");
        assertThat(sealed.getString("file")).isEqualTo(first.getString("file"));
        assertThat(sealed.getLong("bytes")).isEqualTo(Files.size(Path.of(first.getString("file"))));
        RecordedEvent flush = named(events, "Flush").stream().filter(event -> event.getString("cause").equals("seal")).findFirst().orElseThrow();
        assertThat(flush.getString("file")).isEqualTo(first.getString("file"));
        assertThat(flush.getLong("bytes")).isGreaterThan(100);

        assertThat(named(events, "AppendStall")).hasSizeGreaterThanOrEqualTo(2).anySatisfy(event -> {
            assertThat(event.getString("cause")).isEqualTo("rotation");
            assertThat(event.getString("stream")).isEqualTo("s");
            assertThat(event.getStackTrace().getFrames()).anySatisfy(
                    frame -> assertThat(frame.getMethod().getType().getName()).isEqualTo(WalStream.class.getName()));
        });
    }

    private String segmentAfter(Path first) throws IOException {
        try (Stream<Path> files = Files.list(first.getParent())) {
            return files.filter(file -> !file.equals(first)).findFirst().orElseThrow().toString();
        }
    }

    @Test
    void sweep_tellsOfItselfAndOfEachSegment() throws Exception {
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options())) {
                wal.stream("s").append(content(100));
                wal.sweep(NOW.plus(Duration.ofDays(1)));
            }
        });
        RecordedEvent sweep = one(events, "Sweep");
        RecordedEvent deleted = one(events, "SegmentDelete");
        assertThat(sweep.getLong("deleted")).isOne();
        assertThat(sweep.getLong("failed")).isZero();
        assertThat(sweep.getLong("held")).isZero();
        assertThat(sweep.getLong("live")).isZero();
        assertThat(sweep.getLong("bytesReclaimed")).isEqualTo(deleted.getLong("bytes")).isPositive();
        assertThat(deleted.getString("reason")).isEqualTo("expired");
        assertThat(deleted.getString("stream")).isEqualTo("s");
        assertThat(Path.of(deleted.getString("file")).getParent().getParent()).isEqualTo(root().resolve("segments"));
    }

    @Test
    void pack_ofOwnSegments_ofSharedOnes_andOfPacks() throws Exception {
        List<RecordedEvent> events = recorded(() -> {
            WalOptions.Builder packing = options().ownSegments(0)
                    .streams("own*", StreamOptions.builder().segments(Segments.OWN).build());
            try (StreamWal wal = open(packing)) {
                for (int window = 0; window < 3; window++) {
                    for (int stream = 0; stream < 12; stream++) {
                        wal.stream("own" + stream).append(content(100));
                        wal.stream("shared" + stream).append(content(100));
                    }
                    nextWindow();
                }
                wal.runBackground();
                wal.pack();
            }
        });
        assertThat(named(events, "Pack")).extracting(event -> event.getString("task")).contains("own", "shared");
        assertThat(named(events, "Pack")).allSatisfy(event -> {
            assertThat(event.getLong("segments")).isPositive();
            assertThat(event.getLong("bytes")).isPositive();
            assertThat(event.getString("file")).endsWith(".pack");
        });
    }

    @Test
    void damage_isFoundByRecovery() throws Exception {
        try (StreamWal wal = open(options())) {
            for (int i = 0; i < 100; i++) {
                wal.stream("s").append(content(100));
            }
        }
        Path file = segment("s");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options().recoveryPolicy(RecoveryPolicy.SKIP_BAD_RECORDS))) {
                wal.stream("s").append(content(100));
            }
        });
        RecordedEvent damage = one(events, "DamageFound");
        assertThat(damage.getString("stream")).isEqualTo("s");
        assertThat(damage.getString("file")).isEqualTo(file.toString());
        assertThat(damage.getLong("offset")).isPositive().isLessThan(bytes.length);
        assertThat(damage.getLong("length")).isPositive();
        assertThat(damage.getString("decision")).contains("damaged");
        RecordedEvent recovery = named(events, "Recovery").stream().filter(event -> "s".equals(event.getString("stream"))).findFirst().orElseThrow();
        assertThat(recovery.getLong("records")).isEqualTo(99);
        assertThat(recovery.getLong("bytes")).isGreaterThan(9_900);
        assertThat(recovery.getLong("bytesCut")).isZero();
        assertThat(recovery.getLong("bytesDamaged")).isEqualTo(damage.getLong("length"));
        assertThat(recovery.getString("refusal")).isNull();
    }

    @Test
    void journal_isRedoneWhenTheLogIsOpened() throws Exception {
        try (StreamWal wal = open(options())) {
            wal.stream("s").append(WriteEntry.of(content(100)), Durability.IMMEDIATE);
        }
        List<RecordedEvent> events = recorded(() -> open(options()).close());
        assertThat(one(events, "Recovery").getString("stream")).isNull();
    }

    @Test
    void consumer_commits() throws Exception {
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options()); WalReader reader = wal.reader(); WalConsumer consumer = reader.consumer("c1", Keys.prefix("s"))) {
                long first = wal.stream("s/1").append(content(100)).end();
                long second = wal.stream("s/2").append(content(100)).end();
                consumer.commit(Map.of("s/1", first, "s/2", second));
            }
        });
        RecordedEvent commit = one(events, "ConsumerCommit");
        assertThat(commit.getString("consumer")).isEqualTo("c1");
        assertThat(commit.getInt("streams")).isEqualTo(2);
        assertThat(commit.getBoolean("rewritten")).isFalse();
    }

    @Test
    void listener_thatIsTooSlow_isToldOfOnceUntilItTakesAnEvent() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch waits = new CountDownLatch(1);
        List<RecordedEvent> events = recorded(() -> {
            ListenerThread<Runnable> listener = new ListenerThread<>(waits::countDown, false, true, (each, failure) -> {});
            listener.tell(each -> {
                each.run();
                awaitUninterruptibly(goOn);
            });
            waits.await();
            for (int i = 0; i < 10_010; i++) {
                listener.tell(Runnable::run);
            }
            goOn.countDown();
            listener.end();
        });
        assertThat(one(events, "ListenerOverflow").getInt("waiting")).isEqualTo(10_000);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---------------------------------------------------------------- the page and the settings

    private static List<Class<? extends LogEvent>> types() throws IOException {
        try (Stream<Path> files = Files.list(EVENTS)) {
            List<Class<? extends LogEvent>> types = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith("Event.java")).sorted().toList()) {
                Class<?> type = Class.forName("dev.streamwal.events." + file.getFileName().toString().replace(".java", ""));
                if (!Modifier.isAbstract(type.getModifiers())) {
                    types.add(type.asSubclass(LogEvent.class));
                }
            }
            return types;
        } catch (ClassNotFoundException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private static String nameOf(Class<? extends LogEvent> type) {
        return type.getAnnotation(Name.class).value();
    }

    @Test
    void page_hasEveryEventWithItsFields() throws Exception {
        Map<String, List<String>> told = new TreeMap<>();
        Matcher rows = Pattern.compile("(?m)^\\| (?:`(dev\\.streamwal\\.\\w+)`)? ?\\| (?:`(\\w+)`)? ?\\|[^|\\n]*\\|$").matcher(Files.readString(PAGE));
        List<String> current = List.of();
        while (rows.find()) {
            if (rows.group(1) != null) {
                current = told.computeIfAbsent(rows.group(1), name -> new ArrayList<>());
            }
            if (rows.group(2) != null) {
                current.add(rows.group(2));
            }
        }
        Map<String, List<String>> there = new TreeMap<>();
        for (Class<? extends LogEvent> type : types()) {
            there.put(nameOf(type), EventType.getEventType(type).getFields().stream().map(ValueDescriptor::getName)
                    .filter(name -> !OF_ALL_EVENTS.contains(name)).toList());
        }
        assertThat(told).isEqualTo(there).hasSize(11);
    }

    @Test
    void settings_turnEveryEventOn() throws Exception {
        Map<String, String> settings = Configuration.create(SETTINGS).getSettings();
        TreeSet<String> on = new TreeSet<>();
        settings.forEach((name, value) -> {
            if (name.endsWith("#enabled") && value.equals("true")) {
                on.add(name.replace("#enabled", ""));
            }
        });
        assertThat(on).containsExactlyElementsOf(types().stream().map(FlightRecorderTest::nameOf).sorted().toList());
    }

    /** A recording without settings, or with others' settings, records the same as one with the settings. */
    @Test
    void settings_areWhatEventsHaveWithoutThem() throws Exception {
        Map<String, String> settings = Configuration.create(SETTINGS).getSettings();
        for (Class<? extends LogEvent> type : types()) {
            Map<String, String> without = new TreeMap<>();
            EventType.getEventType(type).getSettingDescriptors().forEach(setting -> without.put(setting.getName(), setting.getDefaultValue()));
            assertThat(settings.get(nameOf(type) + "#stackTrace")).as(nameOf(type)).isEqualTo(without.get("stackTrace"));
            String threshold = settings.getOrDefault(nameOf(type) + "#threshold", "0 ns");
            assertThat(threshold.replace("0 ms", "0 ns")).as(nameOf(type)).isEqualTo(without.get("threshold"));
        }
    }

    /** A stack takes ten times as long as the rest of an event, and those of the log's own threads are always the same. */
    @Test
    void stacks_areThoseOfStallsAlone() throws Exception {
        List<String> withStacks = types().stream().filter(type -> EventType.getEventType(type).getSettingDescriptors().stream()
                .anyMatch(setting -> setting.getName().equals("stackTrace") && setting.getDefaultValue().equals("true"))).map(FlightRecorderTest::nameOf).toList();
        assertThat(withStacks).containsExactly("dev.streamwal.AppendStall");
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options())) {
                wal.stream("s").append(WriteEntry.of(content(100)), Durability.IMMEDIATE);
                nextWindow();
                wal.stream("s").append(content(100));
                LogContract.await("the first segment is sealed, before it is deleted", () -> wal.activity().sealedSegments() == 1);
                wal.sweep(NOW.plus(Duration.ofDays(1)));
            }
        });
        List<RecordedEvent> ours = events.stream().filter(event -> event.getEventType().getName().startsWith("dev.streamwal.")).toList();
        assertThat(ours).extracting(event -> event.getEventType().getName())
                .contains("dev.streamwal.Flush", "dev.streamwal.SegmentRotate", "dev.streamwal.SegmentSeal", "dev.streamwal.Sweep");
        assertThat(ours).allSatisfy(event -> assertThat(event.getStackTrace() != null).isEqualTo(event.getEventType().getName().equals(withStacks.get(0))));
    }

    @Test
    void events_whileNothingIsRecorded_areOff() throws Exception {
        for (Class<? extends LogEvent> type : types()) {
            LogEvent event = type.getConstructor().newInstance();
            assertThat(event.isEnabled()).as(nameOf(type)).isFalse();
            assertThat(event.shouldCommit()).as(nameOf(type)).isFalse();
        }
    }

    @Test
    void content_isInNoEvent() throws Exception {
        String secret = "a secret that is content";
        List<RecordedEvent> events = recorded(() -> {
            try (StreamWal wal = open(options())) {
                wal.stream("s").append(WriteEntry.of(secret.getBytes(UTF_8)), Durability.IMMEDIATE);
                nextWindow();
                wal.stream("s").append(secret.getBytes(UTF_8));
                wal.sweep(NOW.plus(Duration.ofDays(1)));
            }
        });
        assertThat(events.stream().filter(event -> event.getEventType().getName().startsWith("dev.streamwal.")).toList())
                .isNotEmpty().allSatisfy(event -> assertThat(event.toString()).doesNotContain(secret));
    }
}
