package dev.streamwal.pack;

import java.io.IOException;

/** Writes the frames of a part, none for one that is empty. */
@FunctionalInterface
public interface PartSource {

    /** @param frames valid until it returns */
    void writeTo(PartFrames frames) throws IOException;
}
