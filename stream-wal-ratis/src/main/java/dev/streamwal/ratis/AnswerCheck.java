package dev.streamwal.ratis;

import dev.streamwal.WriteEntry;
import dev.streamwal.ratis.wire.AppendAnswer;
import dev.streamwal.ratis.wire.AppendAnswer.EndDiffers;
import dev.streamwal.ratis.wire.AppendAnswer.Part;
import dev.streamwal.ratis.wire.AppendAnswer.Refused;
import dev.streamwal.reader.EntryRef;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import org.apache.ratis.util.JavaUtils;
import org.jspecify.annotations.Nullable;

/** What an answer to an append means to who appended. */
final class AnswerCheck {

    private AnswerCheck() {}

    /** @throws IOException if there is no answer */
    static AppendAnswer decode(byte @Nullable [] answer, @Nullable Throwable failure) throws IOException {
        if (answer == null) {
            Throwable cause = JavaUtils.unwrapCompletionException(failure);
            throw new IOException(cause == null ? "no reply" : String.valueOf(cause.getMessage()), cause);
        }
        return AppendAnswer.decode(new DataInputStream(new ByteArrayInputStream(answer)));
    }

    static EntryRef ref(String key, long position, WriteEntry entry) {
        return new EntryRef(key, position, EntryRef.sizeOf(entry.header().remaining(), entry.content().remaining()));
    }

    static ReplicationException unknown(String key, Exception failure) {
        return new ReplicationException("append isn't acknowledged, and may have happened or not: key=" + key + "; because: " + failure.getMessage()
                + "; it may happen later, too: with appendOnce it can be sent again", key, failure);
    }

    static ReplicationException interrupted(String key, InterruptedException cause) {
        return new ReplicationException("thread was interrupted while it waited to append: key=" + key + "; nothing was appended: try again", key, cause);
    }

    static ReplicationException closed(String key) {
        return new ReplicationException("client is closed: key=" + key + "; nothing was appended: open another one", key, null);
    }

    static ReplicationException refused(String key, Refused refused) {
        return new ReplicationException("record was refused, and not appended: key=" + key + "; because: " + refused.reason(), key, null);
    }

    static ReplicationException notAppended(String key, Part part) {
        if (part instanceof EndDiffers differs) {
            return new ReplicationException("stream ends elsewhere, nothing was appended: key=" + key + ", end=" + differs.end()
                    + "; read up to that end, then append with it", key, null);
        }
        return new ReplicationException("append wasn't applied, and an earlier attempt may have been: key=" + key
                + "; read the stream to find out", key, null);
    }
}
