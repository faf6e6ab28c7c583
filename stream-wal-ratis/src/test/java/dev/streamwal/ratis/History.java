package dev.streamwal.ratis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;

/**
 * What clients have seen of some streams: appends that were acknowledged, and reads of where a stream ends, each with when it began and ended. The history is
 * linearizable if operations can be put into one order that explains all answers, and in which no operation stands before one that had ended before it began.
 *
 * <p>Positions order the appends, and say of a read which appends it stands behind. So no order has to be searched: it exists if that one contradicts no two
 * operations of which one had ended before the other began. For each operation the greatest of those that had ended, and the least of those that hadn't begun,
 * are looked up: O(n log n).
 *
 * <p>Thread-safe, until it is checked.
 */
final class History {

    /** @param first position of what was appended; where the stream ended, of a read */
    record Operation(long began, long ended, long first, long last) {}

    private final Map<String, ConcurrentLinkedQueue<Operation>> appends = new ConcurrentHashMap<>();
    private final Map<String, ConcurrentLinkedQueue<Operation>> reads = new ConcurrentHashMap<>();

    /** A record that stands from one position to another. */
    void append(String key, long began, long ended, long position, long end) {
        appends.computeIfAbsent(key, any -> new ConcurrentLinkedQueue<>()).add(new Operation(began, ended, position, end));
    }

    void read(String key, long began, long ended, long end) {
        reads.computeIfAbsent(key, any -> new ConcurrentLinkedQueue<>()).add(new Operation(began, ended, end, end));
    }

    int appends() {
        return appends.values().stream().mapToInt(ConcurrentLinkedQueue::size).sum();
    }

    int reads() {
        return reads.values().stream().mapToInt(ConcurrentLinkedQueue::size).sum();
    }

    /** What no order explains; empty if the history is linearizable. */
    List<String> violations() {
        List<String> found = new ArrayList<>();
        for (String key : appends.keySet()) {
            check(key, List.copyOf(appends.get(key)), List.copyOf(reads.getOrDefault(key, new ConcurrentLinkedQueue<>())), found);
        }
        return found;
    }

    private static void check(String key, List<Operation> appended, List<Operation> read, List<String> found) {
        TreeMap<Long, Long> greatestAppended = greatestUpTo(appended, Operation::ended, Operation::last);
        TreeMap<Long, Long> greatestRead = greatestUpTo(read, Operation::ended, Operation::last);
        TreeMap<Long, Long> leastAppended = leastFrom(appended);
        for (Operation each : appended) {
            if (before(greatestAppended, each.began()) > each.first()) {
                found.add(key + ": stands before a record that was acknowledged when it was sent: " + each);
            }
            if (before(greatestRead, each.began()) > each.first()) {
                found.add(key + ": was read before it was sent: " + each);
            }
        }
        for (Operation each : read) {
            if (before(greatestAppended, each.began()) > each.last()) {
                found.add(key + ": read without a record that was acknowledged before: " + each);
            }
            if (before(greatestRead, each.began()) > each.last()) {
                found.add(key + ": read less than a read before: " + each);
            }
            Map.Entry<Long, Long> later = leastAppended.higherEntry(each.ended());
            if (later != null && later.getValue() < each.last()) {
                found.add(key + ": read a record that was sent later: " + each);
            }
        }
    }

    /** By time, the greatest value of all operations up to then. */
    private static TreeMap<Long, Long> greatestUpTo(List<Operation> operations, Function<Operation, Long> time, Function<Operation, Long> value) {
        TreeMap<Long, Long> greatest = new TreeMap<>();
        long most = Long.MIN_VALUE;
        for (Operation each : operations.stream().sorted(Comparator.comparing(time)).toList()) {
            most = Math.max(most, value.apply(each));
            greatest.put(time.apply(each), most);
        }
        return greatest;
    }

    /** By time, the least position of all appends that began then or later. */
    private static TreeMap<Long, Long> leastFrom(List<Operation> operations) {
        TreeMap<Long, Long> least = new TreeMap<>();
        long fewest = Long.MAX_VALUE;
        for (Operation each : operations.stream().sorted(Comparator.comparing(Operation::began).reversed()).toList()) {
            fewest = Math.min(fewest, each.first());
            least.put(each.began(), fewest);
        }
        return least;
    }

    private static long before(TreeMap<Long, Long> greatest, long time) {
        Map.Entry<Long, Long> entry = greatest.lowerEntry(time);
        return entry == null ? Long.MIN_VALUE : entry.getValue();
    }
}
