package dev.streamwal.ratis.shard;

import java.io.IOException;
import java.nio.file.Path;

/** What is known of a shard was written by another version: whole, and of no use to this one. This isn't damage: a peer's would be of that version, too. */
final class OtherVersionException extends IOException {

    private static final long serialVersionUID = 1L;

    private OtherVersionException(String message) {
        super(message);
    }

    static OtherVersionException of(int version, int known) {
        return new OtherVersionException("state of a shard was written by another version: version=" + version + ", known=" + known);
    }

    OtherVersionException at(Path file) {
        return new OtherVersionException(getMessage() + ", file=" + file + "; it isn't damaged: start this replica with the version that wrote it");
    }
}
