package dev.streamwal.ratis.shard;

import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.Appended;
import dev.streamwal.ratis.wire.AppendAnswer.Part;
import dev.streamwal.ratis.wire.Command.Append;
import dev.streamwal.ratis.wire.Text;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which commands were applied, so that one that comes again isn't applied twice: it gets the answer that it got, or hears that this isn't known any more.
 *
 * <p>It is part of what all replicas have in common: it changes by applied commands only, and what it forgets depends on their order only. What is kept is
 * bounded: the answers of the latest commands, and of each producer how far its commands go whose answers are forgotten. A command up to there is never
 * applied.
 *
 * <p><b>For how long.</b> Of a command that appends to one stream without a condition ({@link Append#isOnce}; its producer is one of that stream's) that is
 * known until its record has expired, with where the last one stands: so there are no more of these than records. Of all others, which clients send again for
 * some minutes only, it is known of the {@link #MAX_PRODUCERS} producers that were heard of last. A producer that is forgotten altogether is as good as new.
 *
 * <p><b>Order.</b> A client has several commands under way, and one that a replica refuses, as it doesn't lead yet, may be tried again when the next one has
 * been taken. So a command says which one it must stand behind, and is refused until that was applied; the client sends it again. And what is behind the
 * last one that was applied is never applied: a command that the client has given up, say, which a new leader finds in its log.
 *
 * <p>Not thread-safe.
 */
final class Producers {

    static final int MAX_ANSWERS = 4_096;
    static final int MAX_PRODUCERS = 10_000;
    /** An answer about one record has 13 bytes; beyond this the oldest are forgotten sooner. */
    static final int MAX_ANSWER_BYTES = 16 << 20;

    /** Of {@link #applied}: known only of the producers that were heard of last. */
    static final long AMONG_THE_LAST = Long.MIN_VALUE;
    /** Where something was refused: a position doesn't say all of the answer. */
    private static final long NO_POSITION = -1;

    private record Sent(String producer, long sequence) {}

    /** @param keptMillis until when it is known how far its producer's commands go, or {@link #AMONG_THE_LAST} */
    private record Answer(byte[] bytes, long keptMillis) {}

    /**
     * Up to where a producer's commands of a stream were applied.
     *
     * @param sequence the greatest one whose answer is forgotten
     * @param position where its first record stands, or {@link #NO_POSITION}
     * @param keptMillis until when this is known
     */
    private record Reached(long sequence, long position, long keptMillis) {}

    private final Map<Sent, Answer> answers = new LinkedHashMap<>();
    /** By producer; in the order in which they came. */
    private final Map<String, Reached> reached = new LinkedHashMap<>();
    /** By producer, the greatest sequence whose answer is forgotten; those that were heard of last at the end. */
    private final Map<String, Long> forgotten = new LinkedHashMap<>();
    /** By producer of commands in order, the last one's sequence; those that were heard of last at the end. */
    private final Map<String, Long> last = new LinkedHashMap<>();
    private long answerBytes;

    /** What was answered; null where it isn't known. */
    byte @Nullable [] answerOf(Append command) throws IOException {
        Answer answer = answers.get(new Sent(command.producer(), command.sequence()));
        if (answer != null) {
            return answer.bytes;
        }
        Reached last = reached.get(command.producer());
        return last != null && last.sequence == command.sequence() && last.position != NO_POSITION
                ? new AppendAnswer(List.of(new Appended(last.position, List.of()))).encode() : null;
    }

    /** Whether a command without a known answer may have been applied, or mustn't be any more. */
    boolean mayHaveBeenApplied(Append command) {
        Reached upTo = reached.get(command.producer());
        return (upTo != null && command.sequence() <= upTo.sequence) || isUpTo(forgotten, command) || (command.isInOrder() && isUpTo(last, command));
    }

    private static boolean isUpTo(Map<String, Long> sequences, Append command) {
        Long upTo = sequences.get(command.producer());
        return upTo != null && command.sequence() <= upTo;
    }

    /** Whether the command that this one must stand behind wasn't applied. */
    boolean isTooEarly(Append command) {
        return command.after() >= 0 && last.getOrDefault(command.producer(), Append.NONE) < command.after();
    }

    /** Whether a command that was applied, or found too early, is known to have been too early. */
    boolean wasTooEarly(Append command) {
        return command.isInOrder() && last.containsKey(command.producer()) && !mayHaveBeenApplied(command);
    }

    /**
     * Notes a command with its answer.
     *
     * @param keptMillis until when it has to be known, by the replicated clock, that it was applied; or {@link #AMONG_THE_LAST}
     */
    void applied(Append command, byte[] answer, long keptMillis) throws IOException {
        if (command.isInOrder()) {
            putLast(last, command.producer(), command.sequence());
        }
        answers.put(new Sent(command.producer(), command.sequence()), new Answer(answer, keptMillis));
        answerBytes += answer.length;
        while (answers.size() > MAX_ANSWERS || (answerBytes > MAX_ANSWER_BYTES && answers.size() > 1)) {
            forgetOldest();
        }
    }

    private void forgetOldest() throws IOException {
        Iterator<Map.Entry<Sent, Answer>> all = answers.entrySet().iterator();
        Map.Entry<Sent, Answer> next = all.next();
        Sent oldest = next.getKey();
        Answer answer = next.getValue();
        all.remove();
        answerBytes -= answer.bytes.length;
        if (answer.keptMillis == AMONG_THE_LAST) {
            putLast(forgotten, oldest.producer, oldest.sequence);
        } else {
            reached.put(oldest.producer, further(reached.get(oldest.producer), oldest.sequence, answer));
        }
    }

    private static Reached further(@Nullable Reached before, long sequence, Answer answer) throws IOException {
        long keptMillis = before == null ? answer.keptMillis : Math.max(before.keptMillis, answer.keptMillis);
        return before != null && before.sequence > sequence ? new Reached(before.sequence, before.position, keptMillis)
                : new Reached(sequence, position(answer.bytes), keptMillis);
    }

    private static long position(byte[] answer) throws IOException {
        List<Part> parts = AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer))).streams();
        return parts.size() == 1 && parts.get(0) instanceof Appended appended && appended.refused().isEmpty() ? appended.position() : NO_POSITION;
    }

    /** Forgets what is known long enough. */
    void expire(long clockMillis) {
        reached.values().removeIf(each -> each.keptMillis <= clockMillis);
    }

    /** Of how many producers it is known, beyond the last answers, how far their commands of a stream go. */
    int reached() {
        return reached.size();
    }

    private static void putLast(Map<String, Long> sequences, String producer, long sequence) {
        Long before = sequences.remove(producer);
        sequences.put(producer, before == null ? sequence : Math.max(before, sequence));
        if (sequences.size() > MAX_PRODUCERS) {
            sequences.remove(sequences.keySet().iterator().next());
        }
    }

    void write(DataOutputStream out) throws IOException {
        write(out, forgotten);
        write(out, last);
        out.writeInt(answers.size());
        for (Map.Entry<Sent, Answer> each : answers.entrySet()) {
            Text.write(out, each.getKey().producer());
            out.writeLong(each.getKey().sequence());
            Text.writeBytes(out, ByteBuffer.wrap(each.getValue().bytes));
            out.writeLong(each.getValue().keptMillis);
        }
        out.writeInt(reached.size());
        for (Map.Entry<String, Reached> each : reached.entrySet()) {
            Text.write(out, each.getKey());
            out.writeLong(each.getValue().sequence);
            out.writeLong(each.getValue().position);
            out.writeLong(each.getValue().keptMillis);
        }
    }

    private static void write(DataOutputStream out, Map<String, Long> sequences) throws IOException {
        out.writeInt(sequences.size());
        for (Map.Entry<String, Long> each : sequences.entrySet()) {
            Text.write(out, each.getKey());
            out.writeLong(each.getValue());
        }
    }

    private static void read(DataInputStream source, Map<String, Long> sequences) throws IOException {
        int count = Text.readCount(source);
        for (int i = 0; i < count; i++) {
            String producer = Text.read(source);
            sequences.put(producer, source.readLong());
        }
    }

    static Producers read(DataInputStream source) throws IOException {
        Producers read = new Producers();
        read(source, read.forgotten);
        read(source, read.last);
        int known = Text.readCount(source);
        for (int i = 0; i < known; i++) {
            Sent sent = new Sent(Text.read(source), source.readLong());
            Answer answer = new Answer(Text.readBytes(source), source.readLong());
            read.answers.put(sent, answer);
            read.answerBytes += answer.bytes.length;
        }
        int producers = Text.readCount(source);
        for (int i = 0; i < producers; i++) {
            read.reached.put(Text.read(source), new Reached(source.readLong(), source.readLong(), source.readLong()));
        }
        return read;
    }
}
