package dev.streamwal.cli.digest;

import java.io.IOException;

/** A file isn't an anchor; the message says where, and what is wrong. */
public final class BadAnchorException extends IOException {

    private static final long serialVersionUID = 1L;

    BadAnchorException(String message) {
        super(message);
    }
}
