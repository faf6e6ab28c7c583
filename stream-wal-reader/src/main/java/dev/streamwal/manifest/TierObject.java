package dev.streamwal.manifest;

import java.util.HexFormat;

/**
 * What a pack became in the tier.
 *
 * @param nonce random, and part of the object's name: no two uploads write to one object
 * @param checksum of what stands behind the pack in the object, which has the checksums of all of the pack
 */
public record TierObject(long nonce, int checksum) {

    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(nonce);
    }
}
