package dev.streamwal.manifest;

import java.util.HexFormat;

/**
 * The object of a pack in the tier.
 *
 * @param nonce random, and part of the object's name: no two uploads write to one object
 * @param checksum of the bytes behind the pack in the object, which have the checksums of all of the pack
 */
public record TierObject(long nonce, int checksum) {

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(nonce);
    }
}
