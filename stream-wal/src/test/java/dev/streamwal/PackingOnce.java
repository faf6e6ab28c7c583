package dev.streamwal;

class PackingOnce extends PackingContract {
    PackingOnce() {
        super(LogHome.channel());
    }
}
