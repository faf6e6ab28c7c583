package dev.streamwal.ratis.repair;

import java.io.IOException;

/** Whether a replica can begin with the image that it has fetched. */
@FunctionalInterface
public interface ImageCheck {

    /**
     * Looks at everything that beginning with it needs.
     *
     * @param index of the last entry that was applied to it, as its peer said
     * @throws IOException if the image can't be used, and why
     */
    void check(long index) throws IOException;
}
