// FourierKV
