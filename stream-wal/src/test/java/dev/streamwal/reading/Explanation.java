package dev.streamwal.reading;

import dev.streamwal.reading.Answer.Item;
import dev.streamwal.reading.Answer.Kind;
import dev.streamwal.reading.StreamHistory.Appended;
import dev.streamwal.reading.StreamHistory.Removal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether an answer can be explained by what the streams held while it was given. What is read at once, the latest records, must be what one
 * state had. What is read by and by must have each record that was there all the time, none that never was, in order; and of what retention
 * took before a tail came to it, the tail must have been told.
 */
final class Explanation {

    private final Map<String, StreamHistory> histories;

    Explanation(Map<String, StreamHistory> histories) {
        this.histories = histories;
    }

    /** What is wrong with it; empty where nothing is. */
    String wrong(Answer answer) {
        for (Item item : answer.items()) {
            if (item.kind() == Kind.FAILURE) {
                return "it failed: " + item.text();
            }
        }
        return switch (answer.operation()) {
            case LATEST -> newest(answer, answer.key(), answer.items(), 1);
            case SCAN_LAST -> newest(answer, answer.key(), answer.items(), (int) answer.argument());
            case LATEST_OF_KEYS -> ofEach(answer, (key, items) -> newest(answer, key, items, 1));
            case FIND, BATCH -> byRef(answer);
            case VERIFY -> "";
            case SCAN -> walked(answer, answer.key(), answer.items(), Walk.scan(0));
            case SCAN_TIME -> walked(answer, answer.key(), answer.items(), Walk.scan(0).within(answer.argument(), answer.end()));
            case MERGED -> ofEach(answer, (key, items) -> walked(answer, key, items, Walk.scan(0).within(answer.argument(), answer.end())));
            case SCAN_FROM -> from(answer, Walk.scan(answer.argument()));
            case BACKWARD -> walked(answer, answer.key(), reversed(answer.items()), Walk.scan(0));
            case BACKWARD_FROM -> from(answer, Walk.scan(0).upTo(answer.argument()));
            case FOLLOW_FIRST -> walked(answer, answer.key(), answer.items(), Walk.scan(0));
            case FOLLOW_FROM, FOLLOW_KEYS -> from(answer, Walk.scan(answer.argument()).telling());
            case FOLLOW_END -> walked(answer, answer.key(), answer.items(), Walk.scan(Long.MAX_VALUE));
            case FOLLOW_PREFIX -> ofEach(answer, (key, items) -> walked(answer, key, items, Walk.scan(0)));
            case KEYS -> keys(answer);
            case DESCRIBE, DESCRIBE_OF_KEYS -> described(answer);
        };
    }

    /**
     * What a walk was to give.
     *
     * @param tells whether it tells what has been swept
     */
    private record Walk(long from, long upTo, long fromMillis, long toMillis, boolean tells) {

        static Walk scan(long from) {
            return new Walk(from, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, false);
        }

        Walk within(long firstMillis, long endMillis) {
            return new Walk(from, upTo, firstMillis, endMillis, tells);
        }

        Walk upTo(long end) {
            return new Walk(from, end, fromMillis, toMillis, tells);
        }

        Walk telling() {
            return new Walk(from, upTo, fromMillis, toMillis, true);
        }

        boolean wants(Appended record) {
            return record.position() >= from && record.end() <= upTo && record.timestampMillis() >= fromMillis
                    && record.timestampMillis() < toMillis;
        }
    }

    private interface OfKey {
        String wrong(String key, List<Item> items);
    }

    private String ofEach(Answer answer, OfKey check) {
        Map<String, List<Item>> byKey = new HashMap<>();
        answer.items().forEach(item -> byKey.computeIfAbsent(item.key(), any -> new ArrayList<>()).add(item));
        for (String key : histories.keySet()) {
            String wrong = check.wrong(key, byKey.getOrDefault(key, List.of()));
            if (!wrong.isEmpty()) {
                return key + ": " + wrong;
            }
        }
        return "";
    }

    private List<NavigableMap<Long, Appended>> states(Answer answer, String key) {
        return histories.get(key).between(answer.startNanos(), answer.endNanos());
    }

    private static boolean is(Item item, Appended record) {
        return record != null && item.kind() == Kind.RECORD && item.key().equals(record.key()) && item.position() == record.position()
                && item.size() == record.size() && item.timestampMillis() == record.timestampMillis() && item.number() == record.number();
    }

    private static boolean isInOne(Item item, List<NavigableMap<Long, Appended>> states) {
        return states.stream().anyMatch(state -> is(item, state.get(item.position())));
    }

    private String newest(Answer answer, String key, List<Item> items, int count) {
        List<NavigableMap<Long, Appended>> states = states(answer, key);
        for (NavigableMap<Long, Appended> state : states) {
            List<Appended> expected = new ArrayList<>();
            for (Appended record : state.descendingMap().values()) {
                if (expected.size() < count) {
                    expected.add(0, record);
                }
            }
            boolean isThis = expected.size() == items.size();
            for (int i = 0; isThis && i < expected.size(); i++) {
                isThis = is(items.get(i), expected.get(i));
            }
            if (isThis) {
                return "";
            }
        }
        return "in none of " + states.size() + " states these were the newest: states=" + states.stream().map(state -> state.keySet().toString()).toList();
    }

    private String byRef(Answer answer) {
        for (int i = 0; i < answer.refs().size(); i++) {
            Item asked = answer.refs().get(i);
            Item given = answer.items().get(i);
            List<NavigableMap<Long, Appended>> states = states(answer, asked.key());
            if (given.kind() == Kind.RECORD && !isInOne(given, states)) {
                return "a record that wasn't there: " + given;
            }
            if (given.kind() == Kind.ABSENT && states.stream().allMatch(state -> state.containsKey(asked.position()))) {
                return "not found, though it was there all the time: " + given;
            }
        }
        return "";
    }

    private String from(Answer answer, Walk walk) {
        List<Item> items = answer.operation() == Reading.BACKWARD_FROM ? reversed(answer.items()) : answer.items();
        if (items.size() == 1 && items.get(0).kind() == Kind.NOT_FOUND) {
            long position = answer.argument();
            boolean wasThere = states(answer, answer.key()).stream().allMatch(state -> state.containsKey(position));
            Removal why = histories.get(answer.key()).removal(position);
            return wasThere ? "not found, though it was there all the time" : why == Removal.SWEPT ? "not found, though it has expired" : "";
        }
        return walked(answer, answer.key(), items, walk);
    }

    private static List<Item> reversed(List<Item> items) {
        List<Item> reversed = new ArrayList<>(items);
        Collections.reverse(reversed);
        return reversed;
    }

    private String walked(Answer answer, String key, List<Item> items, Walk walk) {
        List<NavigableMap<Long, Appended>> states = states(answer, key);
        Set<Long> given = new HashSet<>();
        long passed = Long.MIN_VALUE;
        TreeMap<Long, Long> told = new TreeMap<>();
        for (Item item : items) {
            if (item.kind() == Kind.EXPIRED) {
                told.put(item.position(), item.size());
                continue;
            }
            if (item.kind() != Kind.RECORD) {
                return "neither a record nor an end: " + item;
            }
            if (!isInOne(item, states)) {
                return "a record that wasn't there: " + item;
            }
            if (item.position() < passed) {
                return "out of order: " + item;
            }
            if (!wants(walk, item, states)) {
                return "not asked for: " + item;
            }
            passed = item.position() + item.size();
            given.add(item.position());
        }
        for (Appended record : states.get(states.size() - 1).values()) {
            boolean isLeftOut = walk.wants(record) && !given.contains(record.position());
            boolean isThereAllTheTime = states.stream().allMatch(state -> state.containsKey(record.position()));
            boolean isTold = told.floorEntry(record.position()) != null
                    && told.floorEntry(record.position()).getValue() > record.position();
            if (isLeftOut && isThereAllTheTime) {
                return "left out, though it was there all the time: " + record;
            }
            if (isTold && isThereAllTheTime) {
                return "told to be gone, though it was there all the time: " + record;
            }
        }
        return walk.tells() ? untold(key, walk, items, states) : "";
    }

    private static boolean wants(Walk walk, Item item, List<NavigableMap<Long, Appended>> states) {
        // what the end is, is said by the time when it was asked
        boolean isEnd = walk.from() == Long.MAX_VALUE;
        return isEnd || states.stream().anyMatch(state -> is(item, state.get(item.position())) && walk.wants(state.get(item.position())));
    }

    /**
     * What retention took between two things given. A tail that had read all there was isn't
     * told what came and went between two looks.
     */
    private String untold(String key, Walk walk, List<Item> items, List<NavigableMap<Long, Appended>> states) {
        boolean hadGone = states.stream().anyMatch(NavigableMap::isEmpty);
        if (hadGone && hasReadAll(walk, states)) {
            return "";
        }
        long reached = walk.from();
        StreamHistory history = histories.get(key);
        for (Item item : items) {
            for (NavigableMap<Long, Appended> state : states) {
                for (Appended record : state.values()) {
                    boolean isPassed = record.position() >= reached && record.position() < item.position();
                    if (isPassed && history.removal(record.position()) == Removal.SWEPT) {
                        return "gone without a word: " + record + ", before " + item;
                    }
                }
            }
            reached = Math.max(reached, item.kind() == Kind.EXPIRED ? item.size() : item.position() + item.size());
        }
        return "";
    }

    private static boolean hasReadAll(Walk walk, List<NavigableMap<Long, Appended>> states) {
        return states.stream().anyMatch(state -> !state.isEmpty() && state.lastEntry().getValue().end() == walk.from());
    }

    private String keys(Answer answer) {
        Set<String> listed = new HashSet<>();
        answer.items().forEach(item -> listed.add(item.key()));
        for (String key : histories.keySet()) {
            boolean isThere = states(answer, key).stream().noneMatch(NavigableMap::isEmpty);
            if (isThere && !listed.contains(key)) {
                return "it isn't listed, though it had records all the time: " + key;
            }
        }
        return histories.keySet().containsAll(listed) ? "" : "keys of no stream: " + listed;
    }

    private String described(Answer answer) {
        List<NavigableMap<Long, Appended>> states = states(answer, answer.key());
        boolean isThere = states.stream().noneMatch(NavigableMap::isEmpty);
        if (answer.items().isEmpty()) {
            return isThere ? "it isn't there, though it had records all the time" : "";
        }
        Item info = answer.items().get(0);
        long least = states.stream().mapToLong(state -> state.isEmpty() ? 0 : state.lastEntry().getValue().end()).min().orElse(0);
        long greatest = states.stream().mapToLong(state -> state.isEmpty() ? Long.MAX_VALUE : state.lastEntry().getValue().end())
                .max().orElse(0);
        return !isThere || (info.size() >= least && info.size() <= greatest) ? "" : "it ends at none of its ends: " + info;
    }
}
