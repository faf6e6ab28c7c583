package dev.streamwal.simulation;

import dev.streamwal.simulation.NameChange.Setting;
import dev.streamwal.simulation.SimulatedDisk.DirectoryForced;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * A moment at which the machine crashes, between two operations of a {@link SimulatedDisk}: all that isn't durable then, as items of which
 * each is kept or lost for itself, and the disk that each choice leaves.
 */
public final class CrashPoint {

    enum Part {
        SECTOR,
        LENGTH,
        NAME
    }

    /**
     * Something of which one option is what is left.
     *
     * @param node the file; null of a name
     * @param sector its index in the file
     * @param options two or more; 0: lost, the last: kept
     */
    record Item(Part part, DiskFile node, int sector, int options, String what) {}

    private final DiskNode.Directory root;
    private final int operation;
    private final long capacityBytes;
    private final Map<DiskNode.Directory, Map<String, DiskNode>> durable = new IdentityHashMap<>();
    private final List<NameChange> changes = new ArrayList<>();
    private final Set<DiskNode.Directory> directories = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<DiskFile, PendingFile> files = new IdentityHashMap<>();
    private final Map<DiskFile, Integer> firstItems = new IdentityHashMap<>();
    private final List<Item> items = new ArrayList<>();

    CrashPoint(DiskNode.Directory root, List<Object> names, int operation, long capacityBytes) {
        this.root = root;
        this.operation = operation;
        this.capacityBytes = capacityBytes;
        for (Object event : names) {
            if (event instanceof NameChange change && change.operation() <= operation) {
                changes.add(change);
            } else if (event instanceof DirectoryForced forced && forced.operation() <= operation) {
                force(forced.directory());
            }
        }
        for (NameChange change : changes) {
            items.add(new Item(Part.NAME, null, 0, 2, change.toString()));
        }
        add("", root);
        for (NameChange change : changes) {
            for (Setting setting : change.settings()) {
                if (setting.node() != null) {
                    add(setting.name(), setting.node());
                }
            }
        }
    }

    private Map<String, DiskNode> durable(DiskNode.Directory directory) {
        return durable.computeIfAbsent(directory, any -> new TreeMap<>(directory.base));
    }

    private void force(DiskNode.Directory directory) {
        changes.removeIf(change -> {
            if (!change.concerns(directory)) {
                return false;
            }
            change.settings().forEach(setting -> setting.apply(durable(setting.directory())));
            return true;
        });
    }

    /** What may be found by some choice; the rest is gone whatever survives. */
    private void add(String path, DiskNode node) {
        if (node instanceof DiskFile file && !files.containsKey(file)) {
            PendingFile pending = new PendingFile(file, operation);
            files.put(file, pending);
            firstItems.put(file, items.size());
            pending.addItems(path, items);
        } else if (node instanceof DiskNode.Directory directory && directories.add(directory)) {
            durable(directory).forEach((name, entry) -> add(path + "/" + name, entry));
        }
    }

    /** The last operation before the crash. */
    public int operation() {
        return operation;
    }

    List<Item> items() {
        return items;
    }

    // ---------------------------------------------------------------- choices

    Survival allKept() {
        return keeping(EnumSet.allOf(Part.class), "all kept");
    }

    Survival allLost() {
        return keeping(EnumSet.noneOf(Part.class), "all lost");
    }

    private Survival keeping(Set<Part> kept, String how) {
        int[] picks = new int[items.size()];
        for (int i = 0; i < picks.length; i++) {
            picks[i] = kept.contains(items.get(i).part) ? items.get(i).options - 1 : 0;
        }
        return new Survival(picks, how);
    }

    /**
     * All lost, all kept, one part of all kept or lost, each item alone lost or kept, and some at random; no choice twice. Where there are
     * too many items for each of them alone, as many as may be are drawn.
     */
    Collection<Survival> survivals(int maxAlone, int random, long seed) {
        Set<Survival> chosen = new LinkedHashSet<>();
        chosen.add(allKept());
        chosen.add(allLost());
        chosen.add(keeping(EnumSet.of(Part.NAME), "only names kept"));
        chosen.add(keeping(EnumSet.of(Part.SECTOR, Part.LENGTH), "only data kept"));
        chosen.add(keeping(EnumSet.of(Part.NAME, Part.LENGTH), "only sectors lost"));
        chosen.add(keeping(EnumSet.of(Part.NAME, Part.SECTOR), "only lengths lost"));
        Random dice = new Random(seed * 31 + operation);
        for (int i : alone(maxAlone, dice)) {
            chosen.add(new Survival(allKept().with(i, 0).picks(), "alone lost: " + items.get(i).what));
            chosen.add(new Survival(allLost().with(i, items.get(i).options - 1).picks(), "alone kept: " + items.get(i).what));
        }
        if (!items.isEmpty()) {
            for (int i = 0; i < random; i++) {
                chosen.add(random(dice));
            }
        }
        return chosen;
    }

    private int[] alone(int max, Random dice) {
        if (items.size() <= max) {
            int[] all = new int[items.size()];
            Arrays.setAll(all, i -> i);
            return all;
        }
        return dice.ints(max, 0, items.size()).toArray();
    }

    /** Sometimes nearly all is kept, sometimes nearly nothing, sometimes half; or what was there in between. */
    private Survival random(Random dice) {
        double kept = switch (dice.nextInt(4)) {
            case 0 -> 0.1;
            case 1 -> 0.9;
            default -> 0.5;
        };
        int[] picks = new int[items.size()];
        for (int i = 0; i < picks.length; i++) {
            int options = items.get(i).options;
            if (options > 2 && dice.nextInt(3) == 0) {
                picks[i] = dice.nextInt(options);
            } else {
                picks[i] = dice.nextDouble() < kept ? options - 1 : 0;
            }
        }
        return new Survival(picks, "random");
    }

    /** What a choice loses, or keeps in part, for people. */
    List<String> describe(Survival survival) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            int pick = survival.picks()[i];
            if (pick < item.options - 1) {
                lines.add((pick == 0 ? "lost: " : "in part (" + pick + " of " + (item.options - 1) + "): ") + item.what);
            }
        }
        return lines;
    }

    // ---------------------------------------------------------------- what is left

    /** The disk that a choice leaves, on a machine that was started again. */
    public SimulatedDisk state(Survival survival) {
        Map<DiskNode.Directory, Map<String, DiskNode>> left = new IdentityHashMap<>();
        for (int i = 0; i < changes.size(); i++) {
            if (survival.picks()[i] > 0) {
                for (Setting setting : changes.get(i).settings()) {
                    setting.apply(left.computeIfAbsent(setting.directory(), directory -> new TreeMap<>(entries(directory))));
                }
            }
        }
        return new Copy(survival.picks(), left).disk();
    }

    private Map<String, DiskNode> entries(DiskNode.Directory directory) {
        return durable.getOrDefault(directory, directory.base);
    }

    private final class Copy {

        private final int[] picks;
        private final Map<DiskNode.Directory, Map<String, DiskNode>> left;
        private final Map<DiskFile, DiskFile> copied = new IdentityHashMap<>();
        private final List<DiskFile> all = new ArrayList<>();
        private int nodes;

        Copy(int[] picks, Map<DiskNode.Directory, Map<String, DiskNode>> left) {
            this.picks = picks;
            this.left = left;
        }

        SimulatedDisk disk() {
            DiskNode.Directory copy = copy(root);
            return new SimulatedDisk(copy, all, nodes, capacityBytes);
        }

        private DiskNode.Directory copy(DiskNode.Directory directory) {
            int number = nodes++;
            Map<String, DiskNode> changed = left.get(directory);
            Map<String, DiskNode> entries = new TreeMap<>();
            (changed == null ? entries(directory) : changed).forEach((name, node) -> entries.put(name,
                    node instanceof DiskFile file ? copy(file) : copy((DiskNode.Directory) node)));
            return new DiskNode.Directory(number, entries);
        }

        private DiskFile copy(DiskFile file) {
            DiskFile copy = copied.get(file);
            if (copy == null) {
                copy = files.get(file).state(nodes++, picks, firstItems.get(file));
                copied.put(file, copy);
                all.add(copy);
            }
            copy.linked(1);
            return copy;
        }
    }
}
