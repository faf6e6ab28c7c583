package dev.streamwal.bench.compare;

import dev.streamwal.bench.Machine;
import dev.streamwal.bench.compare.CompareTable.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The results as Markdown. */
final class ComparePage {

    private final Plan plan;
    private final Measurements measurements;
    private final List<Contender> contenders;
    private final List<String> lines = new ArrayList<>();

    ComparePage(Plan plan, Measurements measurements, List<Contender> contenders) {
        this.plan = plan;
        this.measurements = measurements;
        this.contenders = contenders;
    }

    List<String> lines(Machine machine, CompareOptions options, List<String> charts) {
        lines.addAll(machine.heading(", comparison", options.length() == Length.TINY));
        add(how(options));
        if (!options.note().isEmpty()) {
            add("**" + options.note() + "**");
        }
        charts.forEach(chart -> add("![" + chart + "](" + chart + ")"));
        appends();
        durable();
        gateway(options.length());
        queries(options);
        follow();
        resources();
        setups();
        return lines;
    }

    private void add(String text) {
        lines.addAll(List.of(text, ""));
    }

    private void table(String title, String text, List<Column> columns) {
        add("## " + title);
        add(text);
        lines.addAll(new CompareTable(measurements, contenders, columns).lines());
        lines.add("");
    }

    private static String how(CompareOptions options) {
        Length length = options.length();
        return String.format(Locale.ROOT, """
                `bench/run compare%s`: each contender in a JVM of its own with a heap of 1 GiB, on the same disk, in turn; %s, and in each process %d \
                measurements of %s s after %s s to warm up. A figure is the median of all of them; ± is half of the way from the lowest to the highest. \
                **Bold** is the best log; *italic* are no logs, but limits. A log is closed behind each work on appends, opened and read back: count, sum \
                and contents are those that were appended. In queries each answer is checked likewise.""",
                length == Length.FULL ? "" : " --" + length.name().toLowerCase(Locale.ROOT),
                options.rounds() == 1 ? "one round" : options.rounds() + " rounds, in each of which another one begins", length.slices,
                Numbers.digits(length.sliceSeconds), Numbers.digits(length.warmUpSeconds));
    }

    private Stream<AppendCell> undurable() {
        return plan.appends(false).stream();
    }

    private void appends() {
        List<Column> sizes = undurable().filter(cell -> cell.streams() == 1)
                .map(cell -> Column.rate(AppendCell.size(cell.bytes()) + threads(cell) + (cell.batch() > 1 ? ", batches of " + cell.batch() : ""), cell))
                .toList();
        table("Appends to one stream, records a second", "Acknowledged in memory or page cache: what exactly, says the list of contenders at the end.", sizes);
        List<Column> streams = undurable().filter(cell -> cell.streams() > 1)
                .map(cell -> Column.rate(String.format(Locale.ROOT, "%,d streams", cell.streams())
                        + (cell.bytes() == QueriedSet.BYTES ? "" : ", " + AppendCell.size(cell.bytes())) + threads(cell) + (cell.zipf() ? ", Zipf" : "")
                        + (cell.batch() > 1 ? ", batches of " + cell.batch() : ""), cell))
                .toList();
        table("Appends to many streams, records a second", "Records of 128 bytes where not said otherwise; streams are drawn at random, by Zipf's law with"
                + " exponent 1 where it says so. Each has a record before.", streams);
    }

    private static String threads(AppendCell cell) {
        return cell.threads() == 1 ? "" : ", " + cell.threads() + " threads";
    }

    private void durable() {
        List<Column> columns = plan.appends(true).stream()
                .map(cell -> Column.rate(cell.threads() + (cell.threads() == 1 ? " thread" : " threads"), cell)).toList();
        table("Durable appends, records a second", "128 bytes to 100 streams; an append returns when the record survives power loss.", columns);
    }

    private void gateway(Length length) {
        GatewayCell cell = new GatewayCell();
        table("The gateway: how late are appends", String.format(Locale.ROOT, """
                %,d keys, each with a record of 96 bytes a second, paced, for %d s after %d s to warm up; in windows of %s s that are kept for %s s. Late: \
                from when an append was due to when it returned.""", length.gatewayKeys, length.gatewaySeconds, length.gatewayWarmUpSeconds,
                Numbers.digits(length.gatewayWindow.toMillis() / 1e3), Numbers.digits(length.gatewayRetention.toMillis() / 1e3)),
                List.of(Column.micros("p50", cell, Metric.P50_MICROS), Column.micros("p99", cell, Metric.P99_MICROS),
                        Column.micros("p99.9", cell, Metric.P999_MICROS), Column.micros("latest", cell, Metric.MAX_MICROS),
                        Column.lowest("cores in use", cell, Metric.CORES), Column.lowest("most files", cell, Metric.FILES),
                        new Column("on the disk at the end, MB", cell, Metric.DISK_BYTES, false, bytes -> Numbers.digits(bytes / 1e6)),
                        Column.lowest("RSS, MB", cell, Metric.RSS_MB)));
    }

    private void queries(CompareOptions options) {
        QueriedSet set = QueriedSet.of(options.length());
        List<Column> columns = plan.queries().stream().map(cell -> Column.rate(title(cell.kind()), cell)).toList();
        table("Queries", String.format(Locale.ROOT, """
                A day of readings: %,d keys with %,d records of 128 bytes each, appended in order of time; all that the log does with them later is done. It \
                is in the page cache. The content of each record is copied to an array of the program.""", set.streams(), set.recordsAStream()), columns);
        LoadCell load = new LoadCell();
        OpenCell open = new OpenCell();
        table("That day: on the disk, opened, loaded", "Opening: until a record was read. In a new process that has classes to load in it, and native libraries.",
                List.of(Column.lowest("bytes a record", load, Metric.DISK_BYTES), Column.lowest("opened in a new process, ms", open, Metric.OPEN_FIRST_MILLIS),
                        Column.lowest("opened again, ms", open, Metric.OPEN_AGAIN_MILLIS), Column.rate("loaded, records/s", load)));
    }

    private static String title(QueryCell.Kind kind) {
        return switch (kind) {
            case RANDOM -> "random refs/s";
            case ADJACENT -> "adjacent refs/s";
            case KEY_HOUR -> "an hour of a key, /s";
            case SITE_HOUR -> "an hour of 10 keys, /s";
            case SITE_HOUR_MERGED -> "the same by time, /s";
            case LATEST -> "latest of 1,000 keys, /s";
            case SCAN -> "scan, records/s";
        };
    }

    private void follow() {
        FollowCell cell = new FollowCell();
        table("Following from another process: how late is a record", "1,000 records of 128 bytes a second; from just before the append in one process to just"
                        + " after the delivery in another.",
                List.of(Column.micros("p50", cell, Metric.P50_MICROS), Column.micros("p99", cell, Metric.P99_MICROS),
                        Column.micros("latest", cell, Metric.MAX_MICROS), Column.lowest("cores that the follower takes", cell, Metric.CORES)));
    }

    private void resources() {
        List<AppendCell> cells = undurable().filter(cell -> cell.bytes() == QueriedSet.BYTES && cell.batch() == 1 && !cell.zipf() && cell.threads() == 1).toList();
        AppendCell one = cells.get(0);
        AppendCell many = cells.get(cells.size() - 1);
        String streams = String.format(Locale.ROOT, "%,d", many.streams());
        table("What appends take", "One thread, 128 bytes, to one stream and to " + streams + ". CPU: of all threads, for each record, as long as was measured: work"
                        + " that waits behind that isn't in it. RSS has the mapped files in it, which the kernel takes back when it needs memory; anonymous"
                        + " memory is heap and native memory. On the disk: random contents, as they stand there once the log is closed.",
                List.of(Column.lowest("CPU, 1 stream, ns", one, Metric.CPU_NANOS), Column.lowest("CPU, " + streams + ", ns", many, Metric.CPU_NANOS),
                        Column.lowest("RSS, " + streams + ", MB", many, Metric.RSS_MB), Column.lowest("anonymous, MB", many, Metric.ANONYMOUS_MB),
                        Column.lowest("heap in use, MB", many, Metric.HEAP_MB),
                        new Column("first appends/s", many, Metric.FIRST_RATE, true, Numbers::rate),
                        Column.lowest("bytes a record, 1 stream", one, Metric.DISK_BYTES), Column.lowest("bytes a record, " + streams, many, Metric.DISK_BYTES)));
    }

    private void setups() {
        add("## Contenders");
        for (Contender contender : contenders) {
            add("**" + contender.name() + "**. " + contender.settings() + " *An append returned:* " + contender.acknowledged()
                    + (contender.flags().isEmpty() ? "" : " *Flags:* `" + String.join(" ", contender.flags()) + "`."));
        }
    }
}
