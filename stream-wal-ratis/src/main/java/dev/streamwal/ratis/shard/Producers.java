package dev.streamwal.ratis.shard;

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
    private long answerBytes;

    /** What was answered; null where it isn't known. */
    byte @Nullable [] answerOf(String producer, long sequence) {
        return answers.get(new Sent(producer, sequence));
    }

    /** Whether a command without a known answer may have been applied, so that it must not be. */
    boolean mayHaveBeenApplied(String producer, long sequence) {
        Long upTo = forgotten.get(producer);
        return upTo != null && sequence <= upTo;
    }

    void applied(String producer, long sequence, byte[] answer) {
        answers.put(new Sent(producer, sequence), answer);
        answerBytes += answer.length;
        while (answers.size() > MAX_ANSWERS || (answerBytes > MAX_ANSWER_BYTES && answers.size() > 1)) {
            forgetOldest();
        }
    }

    private void forgetOldest() {
        Sent oldest = answers.keySet().iterator().next();
        byte[] answer = answers.remove(oldest);
        answerBytes -= answer == null ? 0 : answer.length;
        Long before = forgotten.remove(oldest.producer());
        forgotten.put(oldest.producer(), before == null ? oldest.sequence() : Math.max(before, oldest.sequence()));
        if (forgotten.size() > MAX_PRODUCERS) {
            forgotten.remove(forgotten.keySet().iterator().next());
        }
    }

    void write(DataOutputStream out) throws IOException {
        out.writeInt(forgotten.size());
        for (Map.Entry<String, Long> each : forgotten.entrySet()) {
            Text.write(out, each.getKey());
            out.writeLong(each.getValue());
        }
        out.writeInt(answers.size());
        for (Map.Entry<Sent, byte[]> each : answers.entrySet()) {
            Text.write(out, each.getKey().producer());
            out.writeLong(each.getKey().sequence());
            Text.writeBytes(out, ByteBuffer.wrap(each.getValue()));
        }
    }

    static Producers read(DataInputStream source) throws IOException {
        Producers read = new Producers();
        int silent = Text.readCount(source);
        for (int i = 0; i < silent; i++) {
            String producer = Text.read(source);
            read.forgotten.put(producer, source.readLong());
        }
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
