package dev.streamwal.ratis.repair;

import java.io.IOException;
import java.nio.file.Path;

/** Images that stay while a peer fetches them. */
public interface HeldImages {

    /**
     * An image that stays.
     *
     * @param folder with the files
     * @param index of the last entry that was applied to it
     */
    record Held(Path folder, long index) {}

    /** @throws IOException if there is no image yet */
    Held hold() throws IOException;

    void release(Held image);
}
