package dev.streamwal.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/** All that a workload tried to append, by stream, and what it knows about it at each moment. Operations are counted over all disks. */
final class Model {

    private static final int ID_BYTES = Integer.BYTES;

    /** A record that was to be appended: the {@code number}th of its stream, whose content follows from that. */
    static final class Attempt {

        static final long NOWHERE = -1;

        final int number;
        final int batch;
        final int bytes;
        private long position = NOWHERE;
        private long end = NOWHERE;
        private int acknowledgedAfter = Integer.MAX_VALUE;

        private Attempt(int number, int batch, int bytes) {
            this.number = number;
            this.batch = batch;
            this.bytes = bytes;
        }

        /** @param operation of the disk, the last one before */
        void acknowledged(long newPosition, long newEnd, int operation) {
            position = newPosition;
            end = newEnd;
            acknowledgedAfter = operation;
        }

        boolean isAcknowledged() {
            return position != NOWHERE;
        }

        long position() {
            return position;
        }

        long end() {
            return end;
        }

        byte[] content() {
            byte[] content = new byte[Math.max(ID_BYTES, bytes)];
            Arrays.fill(content, (byte) (number * 31 + 7));
            ByteBuffer.wrap(content).putInt(0, number);
            return content;
        }

        @Override
        public String toString() {
            return number + (isAcknowledged() ? " at " + position : "");
        }
    }

    /**
     * A stream at one moment.
     *
     * @param attempts how many there had been
     * @param live the numbers of those that were neither deleted nor cut off, nor lost in a crash; ascending
     */
    record Known(int attempts, int[] live) {

        boolean isLive(int number) {
            return Arrays.binarySearch(live, number) >= 0;
        }

        /** -1 where there is none. */
        int first() {
            return live.length == 0 ? -1 : live[0];
        }

        /** -1 where there is none. */
        int last() {
            return live.length == 0 ? -1 : live[live.length - 1];
        }
    }

    /** One key's. */
    static final class Stream {

        private final List<Attempt> attempts = new ArrayList<>();
        private final TreeMap<Integer, Integer> durable = new TreeMap<>();
        private int[] live = {};
        private int batches;

        /** @param count of one batch; 1: alone */
        List<Attempt> attempt(int count, int bytes) {
            batches++;
            List<Attempt> made = new ArrayList<>();
            live = Arrays.copyOf(live, live.length + count);
            for (int i = 0; i < count; i++) {
                int number = attempts.size() + i;
                made.add(new Attempt(number, batches, bytes));
                live[live.length - count + i] = number;
            }
            attempts.addAll(made);
            return made;
        }

        Attempt get(int number) {
            return attempts.get(number);
        }

        int size() {
            return attempts.size();
        }

        int[] live() {
            return live;
        }

        /** Those with other numbers are gone. */
        void keep(IntPredicate numbers) {
            live = Arrays.stream(live).filter(numbers).toArray();
        }

        /** Everything so far; {@code operation} of the disk is the last one before that was said. */
        void durable(int operation) {
            durableBelow(attempts.size(), operation);
        }

        /** Everything that ends up to this position. */
        void durableTo(long position, int operation) {
            int count = attempts.size();
            for (int number : live) {
                if (attempts.get(number).end > position) {
                    count = number;
                    break;
                }
            }
            durableBelow(count, operation);
        }

        private void durableBelow(int count, int operation) {
            durable.merge(operation, Math.max(count, durableAt(operation)), Math::max);
        }

        /** How many a crash of the machine right behind this operation doesn't lose, those that are gone among them. */
        int durableAt(int operation) {
            Map.Entry<Integer, Integer> last = durable.floorEntry(operation);
            return last == null ? 0 : last.getValue();
        }

        /** How many from a number on were acknowledged. */
        int acknowledgedFrom(int number) {
            return (int) attempts.subList(number, attempts.size()).stream().filter(Attempt::isAcknowledged).count();
        }

        /** How many had been acknowledged before this operation. */
        int acknowledgedBefore(int operation) {
            int count = attempts.size();
            while (count > 0 && attempts.get(count - 1).isAcknowledged() && attempts.get(count - 1).acknowledgedAfter >= operation) {
                count--;
            }
            return count;
        }

        /** The machine was restarted: a new disk has what is left, all of it durable. */
        void restarted(IntPredicate left, int operation) {
            keep(left);
            durable(operation);
        }

        Known known() {
            return new Known(attempts.size(), live);
        }
    }

    private final Map<String, Stream> streams = new TreeMap<>();

    Model(List<String> keys) {
        keys.forEach(key -> streams.put(key, new Stream()));
    }

    Stream stream(String key) {
        return streams.get(key);
    }

    Map<String, Stream> streams() {
        return streams;
    }

    /** What is known now, by stream. */
    Map<String, Known> known() {
        Map<String, Known> known = new TreeMap<>();
        streams.forEach((key, stream) -> known.put(key, stream.known()));
        return known;
    }

    /** The number in a record's content; -1 where it is none of ours. */
    static int numberIn(byte[] content) {
        return content.length < ID_BYTES ? -1 : ByteBuffer.wrap(content).getInt(0);
    }
}
