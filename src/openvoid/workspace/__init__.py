"""How unfinished work is kept between tries, and known again."""
