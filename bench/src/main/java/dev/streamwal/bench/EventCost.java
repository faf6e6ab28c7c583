package dev.streamwal.bench;

import dev.streamwal.events.FlushEvent;
import dev.streamwal.events.SegmentDeleteEvent;
import dev.streamwal.events.SegmentRotateEvent;
import dev.streamwal.format.StreamKey;
import dev.streamwal.measure.Measurements;
import dev.streamwal.measure.Stall;
import dev.streamwal.measure.StallCause;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import jdk.jfr.Recording;

/**
 * What one event costs the thread that has it: processor time, so that it says the same on a busy machine. Alone in a process: first nothing was ever
 * recorded, then all events are, then stalls without their stacks, then nothing again. Prints a row for each kind of event.
 */
final class EventCost {

    private static final int STREAMS = 1_000;
    private static final int EVENTS = 100_000;
    private static final int TURNS = 7;
    /** Calls between a program's {@code main} and a stall: the recorder keeps 64 of a stack. */
    private static final int DEPTH = 60;

    private static final Measurements UNMEASURED = new Measurements() {};

    private final StreamKey[] keys = new StreamKey[STREAMS];
    private final Path[] files = new Path[EVENTS + 1];
    private int made;

    private record Kind(String name, IntConsumer event) {}

    private EventCost() {
        Arrays.setAll(keys, i -> StreamKey.of("host-" + i));
    }

    /** The recorder keeps what texts it has seen, and each segment has another file. */
    private void newFiles() {
        Arrays.setAll(files, i -> Path.of("log", "segments", "host-" + i % STREAMS, String.format(Locale.ROOT, "%016x_1795552924000.seg", made + i)));
        made += files.length;
    }

    /** Prints the rows. */
    static void print() {
        new EventCost().measure().forEach(System.out::println);
    }

    private List<String> measure() {
        List<Kind> kinds = List.of(new Kind("a stall", event -> stall(DEPTH, event)), new Kind("a flush", this::flush),
                new Kind("a rotation", this::rotate), new Kind("a deletion", this::delete));
        double[] never = kinds.stream().mapToDouble(this::nanos).toArray();
        double[] recorded;
        double[] stackless;
        try (Recording recording = new Recording()) {
            recording.enable("dev.streamwal.AppendStall").withoutThreshold();
            recording.start();
            recorded = kinds.stream().mapToDouble(this::nanos).toArray();
            recording.enable("dev.streamwal.AppendStall").withoutThreshold().withoutStackTrace();
            stackless = kinds.stream().mapToDouble(this::nanos).toArray();
        }
        double[] after = kinds.stream().mapToDouble(this::nanos).toArray();
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < kinds.size(); i++) {
            rows.add(String.format(Locale.ROOT, "| %s | %.0f | %.0f | %.0f | %.0f |", kinds.get(i).name(), never[i], recorded[i], stackless[i], after[i]));
        }
        return rows;
    }

    private double nanos(Kind kind) {
        double least = Double.MAX_VALUE;
        for (int turn = 0; turn <= TURNS; turn++) {
            newFiles();
            long began = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            for (int i = 0; i < EVENTS; i++) {
                kind.event().accept(i);
            }
            double nanos = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - began) / (double) EVENTS;
            if (turn > 0) {
                least = Math.min(least, nanos);
            }
        }
        return least;
    }

    private void stall(int depth, int i) {
        if (depth > 0) {
            stall(depth - 1, i);
            return;
        }
        new Stall().end(StallCause.ROTATION, keys[i % STREAMS], UNMEASURED);
    }

    private void flush(int i) {
        FlushEvent event = new FlushEvent();
        event.begin();
        event.flushed("seal", files[i], i);
    }

    private void rotate(int i) {
        SegmentRotateEvent event = new SegmentRotateEvent();
        event.begin();
        event.rotated(keys[i % STREAMS].text(), files[i], files[i + 1]);
    }

    private void delete(int i) {
        SegmentDeleteEvent.deleted("expired", keys[i % STREAMS].text(), files[i], i);
    }
}
