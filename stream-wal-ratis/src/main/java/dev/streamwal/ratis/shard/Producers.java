package dev.streamwal.ratis.shard;

import dev.streamwal.ratis.wire.Command.Append;
import dev.streamwal.ratis.wire.Text;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which commands were applied, so that one that comes again isn't applied twice: it gets the answer that it got, or hears that this isn't known any more.
 *
 * <p>It is part of what all replicas have in common: it changes by applied commands only, and what it forgets depends on their order only. What is kept is
 * bounded: the answers of the latest commands, and of the producers that were heard of last how far their forgotten commands go. A command up to there is
 * never applied. A producer that is forgotten altogether is as good as new; it was silent while {@link #MAX_PRODUCERS} others had answers forgotten.
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

    private record Sent(String producer, long sequence) {}

    private final Map<Sent, byte[]> answers = new LinkedHashMap<>();
    /** By producer, the greatest sequence whose answer is forgotten; those that were heard of last at the end. */
    private final Map<String, Long> forgotten = new LinkedHashMap<>();
    /** By producer of commands in order, the last one's sequence; those that were heard of last at the end. */
    private final Map<String, Long> last = new LinkedHashMap<>();
    private long answerBytes;

    /** What was answered; null where it isn't known. */
    byte @Nullable [] answerOf(Append command) {
        return answers.get(new Sent(command.producer(), command.sequence()));
    }

    /** Whether a command without a known answer may have been applied, or mustn't be any more. */
    boolean mayHaveBeenApplied(Append command) {
        return isUpTo(forgotten, command) || (command.isInOrder() && isUpTo(last, command));
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

    void applied(Append command, byte[] answer) {
        if (command.isInOrder()) {
            putLast(last, command.producer(), command.sequence());
        }
        answers.put(new Sent(command.producer(), command.sequence()), answer);
        answerBytes += answer.length;
        while (answers.size() > MAX_ANSWERS || (answerBytes > MAX_ANSWER_BYTES && answers.size() > 1)) {
            forgetOldest();
        }
    }

    private void forgetOldest() {
        Sent oldest = answers.keySet().iterator().next();
        byte[] answer = answers.remove(oldest);
        answerBytes -= answer == null ? 0 : answer.length;
        putLast(forgotten, oldest.producer(), oldest.sequence());
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
        for (Map.Entry<Sent, byte[]> each : answers.entrySet()) {
            Text.write(out, each.getKey().producer());
            out.writeLong(each.getKey().sequence());
            Text.writeBytes(out, ByteBuffer.wrap(each.getValue()));
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
            byte[] answer = Text.readBytes(source);
            read.answers.put(sent, answer);
            read.answerBytes += answer.length;
        }
        return read;
    }
}
