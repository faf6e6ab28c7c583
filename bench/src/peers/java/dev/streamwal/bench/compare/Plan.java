package dev.streamwal.bench.compare;

import java.util.ArrayList;
import java.util.List;

/** What is measured, and which of it in one process after the other. */
final class Plan {

    private static final int BATCH = 64;
    private static final int SMALL = 32;
    private static final int USUAL = 128;
    private static final int LARGE = 1 << 10;
    private static final int HUGE = 16 << 10;

    /**
     * Cells on one folder.
     *
     * @param processes cells of each process
     */
    record Group(List<List<Cell>> processes) {}

    private final List<Group> groups = new ArrayList<>();

    private Plan() {}

    List<Group> groups() {
        return groups;
    }

    Cell named(String name) {
        return cells().stream().filter(cell -> cell.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such cell: " + name));
    }

    List<Cell> cells() {
        return groups.stream().flatMap(group -> group.processes.stream()).flatMap(List::stream).distinct().toList();
    }

    List<AppendCell> appends(boolean durable) {
        return cells().stream().filter(AppendCell.class::isInstance).map(AppendCell.class::cast).filter(cell -> cell.durable() == durable).toList();
    }

    List<QueryCell> queries() {
        return cells().stream().filter(QueryCell.class::isInstance).map(QueryCell.class::cast).toList();
    }

    /** In a full run each cell has a process of its own; a quick one has no time for as many starts. */
    static Plan of(Length length) {
        Plan plan = new Plan();
        boolean full = length == Length.FULL;
        List<Cell> appends = new ArrayList<>(full ? fullAppends() : quickAppends(length == Length.TINY ? 300 : 100_000));
        List<Cell> queries = new ArrayList<>(List.of(new OpenCell()));
        for (QueryCell.Kind kind : QueryCell.Kind.values()) {
            queries.add(new QueryCell(kind));
        }
        List<List<Cell>> reading = new ArrayList<>(List.of(List.<Cell>of(new LoadCell())));
        if (full) {
            appends.forEach(cell -> plan.groups.add(new Group(List.of(List.of(cell)))));
            queries.forEach(cell -> reading.add(List.of(cell)));
        } else {
            plan.groups.add(new Group(List.of(appends)));
            reading.add(queries);
        }
        plan.groups.add(new Group(reading));
        plan.groups.add(new Group(List.of(List.of(new GatewayCell()))));
        plan.groups.add(new Group(List.of(List.of(new FollowCell()))));
        return plan;
    }

    private static List<Cell> quickAppends(int manyStreams) {
        return List.of(AppendCell.of(USUAL, 1, 1), AppendCell.of(SMALL, 1, 1), AppendCell.of(LARGE, 1, 1), AppendCell.of(HUGE, 1, 1),
                AppendCell.of(USUAL, 1, 4), new AppendCell(USUAL, 1, 1, false, BATCH, false),
                AppendCell.of(USUAL, 100, 1), AppendCell.of(USUAL, manyStreams / 10, 1), AppendCell.of(USUAL, manyStreams, 1),
                new AppendCell(USUAL, manyStreams, 1, true, 1, false),
                durable(1), durable(16));
    }

    private static List<Cell> fullAppends() {
        List<Cell> cells = new ArrayList<>();
        for (int streams : List.of(1, 10_000)) {
            for (int bytes : List.of(SMALL, USUAL, LARGE, HUGE)) {
                cells.add(AppendCell.of(bytes, streams, 1));
                cells.add(AppendCell.of(bytes, streams, 4));
            }
        }
        for (int streams : List.of(100, 100_000)) {
            cells.add(AppendCell.of(USUAL, streams, 1));
            cells.add(AppendCell.of(USUAL, streams, 4));
        }
        cells.add(AppendCell.of(USUAL, 1_000_000, 1));
        for (int streams : List.of(100, 10_000, 100_000, 1_000_000)) {
            cells.add(new AppendCell(USUAL, streams, 1, true, 1, false));
        }
        cells.add(new AppendCell(USUAL, 1, 1, false, BATCH, false));
        cells.add(new AppendCell(LARGE, 1, 1, false, BATCH, false));
        cells.add(new AppendCell(USUAL, 100_000, 1, false, BATCH, false));
        for (int threads : List.of(1, 4, 16, 64)) {
            cells.add(durable(threads));
        }
        return cells;
    }

    /** To as many streams as a small program has. */
    private static AppendCell durable(int threads) {
        return new AppendCell(USUAL, 100, threads, false, 1, true);
    }
}
